import assert from "node:assert/strict";
import { test } from "node:test";
import { type Schedulable, scheduleOf } from "./schedule.ts";

const kind = (name: string, changes: Partial<Schedulable> = {}): Schedulable => ({
  name,
  targets: ["home", "office"],
  seconds: [2, 6],
  recovery: 10,
  mayJoin: true,
  ...changes,
});
const kinds = ["pod deleted", "link cut", "device unplugged", "stack updated"].map((name) => kind(name));

test("the same seed and length make the same schedule, and another seed another one", () => {
  assert.deepEqual(scheduleOf(7, 600, kinds), scheduleOf(7, 600, kinds));
  assert.notDeepEqual(scheduleOf(7, 600, kinds), scheduleOf(8, 600, kinds));
});

test("a longer run begins as a shorter one does", () => {
  const short = scheduleOf(7, 200, kinds);
  assert.ok(short.length > 3);
  assert.deepEqual(scheduleOf(7, 600, kinds).slice(0, short.length), short);
});

test("every kind comes once before any comes again", () => {
  const single = kinds.map((each) => ({ ...each, mayJoin: false }));
  const first = scheduleOf(3, 600, single).slice(0, 4);
  assert.deepEqual(first.flatMap(({ faults }) => faults.map((fault) => fault.kind)).sort(), [
    "device unplugged",
    "link cut",
    "pod deleted",
    "stack updated",
  ]);
});

test("each fault has its length within its limits, its recovery after it, and all of it within the run", () => {
  const moments = scheduleOf(5, 900, kinds);
  let free = 10;
  for (const { at, faults, recovery } of moments) {
    assert.ok(at >= free - 0.05, `${at} begins before ${free}`);
    for (const { seconds, target } of faults) {
      assert.ok(seconds >= 2 && seconds <= 6, `${seconds} s`);
      assert.ok(["home", "office"].includes(target));
    }
    free = at + Math.max(...faults.map(({ seconds }) => seconds)) + recovery;
  }
  assert.ok(free <= 900.1 && free > 870, `${free}`);
});

test("each fifth moment has two faults of different kinds, and only of those that may join", () => {
  const grouped = ["forwarder killed", "forwarder stopped"].map((name) => kind(name, { group: "forwarder" }));
  const mixed = [...kinds, ...grouped, kind("baker replaced", { mayJoin: false })];
  const moments = scheduleOf(11, 3600, mixed);
  const pairs = moments.filter(({ faults }) => faults.length === 2);
  assert.ok(pairs.length > moments.length / 8, `${pairs.length} of ${moments.length}`);
  for (const [index, { faults }] of moments.entries()) {
    if (faults.length === 1) continue;
    assert.equal((index + 1) % 5, 0);
    const names = faults.map((fault) => fault.kind);
    assert.equal(new Set(names).size, 2);
    assert.ok(!names.includes("baker replaced"));
    assert.ok(!names.every((name) => name.startsWith("forwarder")), names.join());
  }
});

for (const [what, seconds, given] of [
  ["nothing fits", 20, kinds],
  ["there is no kind", 600, []],
] as const)
  test(`the schedule is empty if ${what}`, () => assert.deepEqual(scheduleOf(1, seconds, given), []));
