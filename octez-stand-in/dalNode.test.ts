import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { attestedParts } from "./dalChain.ts";
import { DalNode } from "./dalNode.ts";
import { metricsText } from "./metrics.ts";

const [alice, bob] = ["tz1VSUr8wwNhLAzempoch5d6hLRiTh8Cjcjb", "tz4HVR6aty9KwsQFHh81C1G7gBdhxT8kuytm"];
const profile = { operators: [], observers: [], attesters: [alice, bob] };

test("the part of a level's slots that an attester attested is a metric, NaN without any", () => {
  const node = new DalNode("DAL_TEZOS_sandbox", profile, 100);
  node.advance(101, new Map([[alice, 1] as const, [bob, Number.NaN] as const]));
  const name = "dal_node_attested_slot_for_baker_per_level_ratio";
  const lines = metricsText(node.metrics())
    .split("\n")
    .filter((line) => line.startsWith(`${name}{`));
  assert.deepEqual(lines, [`${name}{attester="${alice}\\n"} 1.000000`, `${name}{attester="${bob}\\n"} nan`]);
});

test("the parts are from the attestations of a block", async (t) => {
  let operations: unknown[] = [];
  const server = createServer((_, response) => response.end(JSON.stringify(operations)));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const attested = (delegate: string, slots?: string) => ({
    contents: [{ ...(slots !== undefined && { dal_attestation: slots }), metadata: { delegate } }],
  });
  const parts = async () => [...(await attestedParts(endpoint, 7, [alice, bob])).values()];
  assert.deepEqual(await parts(), [Number.NaN, Number.NaN]);
  operations = [attested(alice), attested(bob, "0")];
  assert.deepEqual(await parts(), [Number.NaN, Number.NaN]);
  operations = [attested(alice, "8208"), attested(bob, "0")];
  assert.deepEqual(await parts(), [1, 0]);
  assert.equal((await attestedParts("http://127.0.0.1:1", 7, [alice])).size, 0);
});

test("only a level that is final has slots, and of the last five only", () => {
  const node = new DalNode("DAL_TEZOS_sandbox", profile, 100);
  assert.deepEqual(
    node.slotsInReach(alice).map(({ slot_level }) => slot_level),
    [98, 97, 96, 95, 94],
  );
  assert.deepEqual(node.slotsOf(alice, 99), []);
  assert.deepEqual(node.shardsOf(bob).slice(0, 2), [256, 257]);
});

test("a bootstrap node takes no other profile, and one without any is degraded", () => {
  const bootstrap = new DalNode("DAL_TEZOS_sandbox", "bootstrap", 1);
  assert.equal(bootstrap.add(profile), false);
  const empty = new DalNode("DAL_TEZOS_sandbox", { operators: [], observers: [], attesters: [] }, 1);
  assert.deepEqual(empty.health(), { status: "down", checks: [{ name: "p2p", status: "down" }] });
  empty.sync();
  assert.equal((empty.health() as { status: string }).status, "degraded");
  assert.equal(empty.add(profile), true);
  assert.equal((empty.health() as { status: string }).status, "up");
});
