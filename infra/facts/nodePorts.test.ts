import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type ListedService, nodePortsOf, takenNodePorts } from "./nodePorts.ts";

const service = (namespace: string, name: string, ...ports: number[]): ListedService => ({
  metadata: { name, namespace },
  spec: { ports: ports.map((nodePort) => ({ nodePort })) },
});
const wanted = nodePortsOf({ nodePort: 30022, alternatePorts: [30443, 30444] });

test("the node ports of an endpoint are its own and the alternate ones, and a load balancer has none", () => {
  assert.deepEqual(wanted, [
    { path: "endpoint.nodePort", port: 30022 },
    { path: "endpoint.alternatePorts[0]", port: 30443 },
    { path: "endpoint.alternatePorts[1]", port: 30444 },
  ]);
  assert.deepEqual(nodePortsOf({ alternatePorts: [443] }), []);
  assert.deepEqual(nodePortsOf(undefined), []);
});

describe("a node port that another Service has is a problem that says which", () => {
  const cases: [string, ListedService[], string[]][] = [
    [
      "of another stack",
      [service("other", "signer-forwarder", 30022)],
      ["endpoint.nodePort: found 30022, which Service signer-forwarder of namespace other has"],
    ],
    [
      "of its own namespace",
      [service("dev", "theirs", 80, 30443)],
      ["endpoint.alternatePorts[0]: found 30443, which Service theirs of namespace dev has"],
    ],
    [
      "that a load balancer's health check has",
      [{ ...service("web", "ingress", 31000), spec: { healthCheckNodePort: 30444 } }],
      ["endpoint.alternatePorts[1]: found 30444, which Service ingress of namespace web has"],
    ],
    [
      "each of several",
      [service("a", "one", 30443), service("b", "two", 30022)],
      [
        "endpoint.nodePort: found 30022, which Service two of namespace b has",
        "endpoint.alternatePorts[0]: found 30443, which Service one of namespace a has",
      ],
    ],
    ["and what the stack itself has is none", [service("dev", "signer-forwarder", 30022, 30443, 30444)], []],
    ["and a Service without node ports is none", [service("a", "b"), { ...service("a", "c"), spec: {} }], []],
  ];
  for (const [name, services, problems] of cases) {
    test(name, () => {
      const found = takenNodePorts(wanted, "dev", services);
      assert.deepEqual(
        found.map(({ path, found }) => `${path}: found ${found}`),
        problems,
      );
      for (const { wanted } of found) assert.equal(wanted, "a node port that no other Service has");
    });
  }
});
