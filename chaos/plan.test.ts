import assert from "node:assert/strict";
import { test } from "node:test";
import { faultKinds } from "./faultKinds.ts";
import { planOf } from "./plan.ts";
import type { Topology } from "./topology.ts";
import { plainTopology } from "./topology.ts";

/** The kinds that an hour has. */
const kindsOf = (topology: Topology): Set<string> =>
  new Set(planOf(1, 60, topology).moments.flatMap(({ faults }) => faults.map(({ kind }) => kind)));
const whole: Topology = { ...plainTopology, replicas: 2, hasRouter: true, nodes: 2 };

test("an hour of a stack that has everything has every kind of fault", () => {
  assert.deepEqual([...kindsOf(whole)].sort(), Object.keys(faultKinds).sort());
});

const lacking: readonly (readonly [what: string, topology: Topology, kind: string, reason: string])[] = [
  ["a router", { ...whole, hasRouter: false }, "router stopped", "it needs a router"],
  ["a second node", { ...whole, nodes: 1 }, "node drained", "it needs a second node"],
];
for (const [what, topology, name, reason] of lacking)
  test(`a stack without ${what} leaves out what it needs it for, and says so`, () => {
    assert.ok(!kindsOf(topology).has(name));
    assert.ok(planOf(1, 60, topology).leftOut.some((each) => each.name === name && each.reason === reason));
  });

test("a short run leaves out what takes long", () => {
  const { leftOut } = planOf(1, 5, whole);
  assert.deepEqual(
    leftOut.filter(({ reason }) => reason.includes("minutes")),
    [{ name: "host key rotated", reason: "it needs a run of 20 minutes" }],
  );
});

test("five minutes have at least twelve kinds of faults, whatever the seed", () => {
  for (let seed = 0; seed < 50; seed++) {
    const kinds = new Set(
      planOf(seed, 5, plainTopology).moments.flatMap(({ faults }) => faults.map(({ kind }) => kind)),
    );
    assert.ok(kinds.size >= 12, `seed ${seed}: ${kinds.size}`);
  }
});

test("with two replicas each of them is a target", () => {
  const targets = planOf(1, 60, whole).moments.flatMap(({ faults }) => faults.map(({ target }) => target));
  assert.ok(targets.includes("signer-forwarder") && targets.includes("signer-forwarder-1"));
});
