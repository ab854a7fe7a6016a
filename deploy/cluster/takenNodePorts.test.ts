import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError } from "../../infra/config/configError.ts";
import type { Manifest } from "../stack/manifest.ts";
import { requireFreeNodePorts } from "./takenNodePorts.ts";

const service = (namespace: string, name: string, ...ports: number[]): Manifest => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace },
  spec: { ports: ports.map((nodePort) => ({ nodePort })) },
});
const objects = [service("dev", "signer-forwarder", 30022, 30443), { ...service("dev", "signer-home"), spec: {} }];
const having =
  (...items: Manifest[]) =>
  async () =>
    JSON.stringify({ items });

test("node ports that other Services have are told at once, before anything is made", async () => {
  const kubectl = having(service("other", "signer-forwarder", 30443), service("shop", "web", 30022), ...objects);
  await assert.rejects(requireFreeNodePorts(kubectl, "dev", objects), (error: ConfigError) => {
    assert.ok(error instanceof ConfigError);
    assert.deepEqual(
      error.problems.map(({ path, found }) => `${path}: ${found}`),
      [
        "endpoint.nodePort: 30022, which Service web of namespace shop has",
        "endpoint.alternatePorts[0]: 30443, which Service signer-forwarder of namespace other has",
      ],
    );
    assert.match(error.message, /nothing was changed/);
    return true;
  });
});

test("a baker's node ports are asked for as well", async () => {
  const wanted = [service("dev", "baker-alice-dal", 31732), service("dev", "baker-alice-p2p", 31733)];
  const kubectl = having(service("shop", "web", 31732, 31733));
  await assert.rejects(requireFreeNodePorts(kubectl, "dev", wanted), ({ problems }: ConfigError) => {
    assert.deepEqual(
      problems.map(({ path }) => path),
      ["bakers.alice.dal.endpoint.nodePort", "bakers.alice.p2p.nodePort"],
    );
    return true;
  });
});

test("those that the stack has already are its own", async () => {
  await requireFreeNodePorts(having(...objects, service("other", "signer-forwarder", 30032)), "dev", objects);
});

test("a load balancer's stack asks nobody", async () => {
  const balanced = { ...service("dev", "signer-forwarder"), spec: { type: "LoadBalancer", ports: [{ port: 22 }] } };
  await requireFreeNodePorts(async () => assert.fail("asked"), "dev", [balanced]);
});
