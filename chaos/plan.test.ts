import assert from "node:assert/strict";
import { test } from "node:test";
import { faultKinds } from "./faultKinds.ts";
import { planOf, splitKinds } from "./plan.ts";
import type { Topology } from "./topology.ts";
import { plainTopology } from "./topology.ts";

/** All faults that a run has. */
const faultsOf = (seed: number, minutes: number, topology: Topology) =>
  planOf(seed, minutes, topology, splitKinds(topology, minutes).names).flatMap(({ faults }) => faults);
/** The kinds that an hour has. */
const kindsOf = (topology: Topology): Set<string> => new Set(faultsOf(1, 60, topology).map(({ kind }) => kind));
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
    assert.ok(splitKinds(topology, 60).leftOut.some((each) => each.name === name && each.reason === reason));
  });

test("a short run leaves out what takes long", () => {
  const { leftOut } = splitKinds(whole, 5);
  assert.deepEqual(
    leftOut.filter(({ reason }) => reason.includes("minutes")),
    [{ name: "host key rotated", reason: "it needs a run of 20 minutes" }],
  );
});

test("five minutes have at least twelve kinds of faults, whatever the seed", () => {
  for (let seed = 0; seed < 50; seed++) {
    const kinds = new Set(faultsOf(seed, 5, plainTopology).map(({ kind }) => kind));
    assert.ok(kinds.size >= 12, `seed ${seed}: ${kinds.size}`);
  }
});

test("of a topology, only the faults that are asked for are drawn", () => {
  const { names, leftOut } = splitKinds({ ...whole, nodes: 1 }, 60, ["uplink cut", "node cut"]);
  assert.deepEqual([names, leftOut], [["uplink cut"], [{ name: "node cut", reason: "it needs a second node" }]]);
});

test("with two replicas each of them is a target", () => {
  const targets = faultsOf(1, 60, whole).map(({ target }) => target);
  for (const replica of ["signer-forwarder", "signer-forwarder-1"]) assert.ok(targets.includes(replica), replica);
});
