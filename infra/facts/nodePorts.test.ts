import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { StackConfig } from "../config/config.ts";
import { type ListedService, nodePortsOf, takenNodePorts } from "./nodePorts.ts";

const service = (namespace: string, name: string, ...ports: number[]): ListedService => ({
  metadata: { name, namespace },
  spec: { ports: ports.map((nodePort) => ({ nodePort })) },
});
const endpointOf = (ports: object) =>
  ({ alternatePorts: [], ...ports }) as unknown as NonNullable<StackConfig["endpoint"]>;
const wanted = nodePortsOf({ bakers: [], endpoint: endpointOf({ nodePort: 30022, alternatePorts: [30443, 30444] }) });

test("the node ports of an endpoint are its own and the alternate ones, and a load balancer has none", () => {
  assert.deepEqual(wanted, [
    { path: "endpoint.nodePort", port: 30022, service: "signer-forwarder" },
    { path: "endpoint.alternatePorts[0]", port: 30443, service: "signer-forwarder" },
    { path: "endpoint.alternatePorts[1]", port: 30444, service: "signer-forwarder" },
  ]);
  const bakers = [
    { name: "alice", dal: { endpoint: { nodePort: 31732 } }, p2p: { nodePort: 31733 } },
    { name: "bob", dal: { endpoint: { port: 11732 } }, p2p: { port: 9732 } },
    { name: "carol", dal: false },
  ] as unknown as StackConfig["bakers"];
  assert.deepEqual(nodePortsOf({ bakers, endpoint: endpointOf({ alternatePorts: [443] }) }), [
    { path: "bakers[0].dal.endpoint.nodePort", port: 31732, service: "baker-alice-dal" },
    { path: "bakers[0].p2p.nodePort", port: 31733, service: "baker-alice-p2p" },
  ]);
});

test("the second replica's node ports are those of a Service of its own", () => {
  const endpoint = endpointOf({ nodePort: 30022 });
  const secondEndpoint = endpointOf({ nodePort: 30023, alternatePorts: [30444] });
  assert.deepEqual(nodePortsOf({ bakers: [], endpoint, secondEndpoint }).slice(1), [
    { path: "endpoint.second.nodePort", port: 30023, service: "signer-forwarder-1" },
    { path: "endpoint.second.alternatePorts[0]", port: 30444, service: "signer-forwarder-1" },
  ]);
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
