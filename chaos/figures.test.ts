import assert from "node:assert/strict";
import { test } from "node:test";
import { type Ask, type Events, type Fault, figuresOf } from "./figures.ts";

// Levels of 1 s. A key asks once a level, a tenth of a second after its begin.

const ask = (level: number, changes: Partial<Ask> = {}): Ask => {
  const start = level * 1000 + 100;
  return { key: "a", kind: "attestation", level, start, end: start + 20, ...changes };
};
const levels = (from: number, to: number): Ask[] =>
  Array.from({ length: to - from + 1 }, (_, index) => ask(from + index));
const fault = (begin: number, changes: Partial<Fault> = {}): Fault => ({
  kind: "link cut",
  target: "home",
  begin,
  end: begin + 2000,
  ...changes,
});
const events = (changes: Partial<Events>): Events => ({
  began: 0,
  ended: 20_000,
  levelMs: 1000,
  keys: ["a"],
  asks: levels(0, 19),
  faults: [],
  signatures: [],
  refusals: [],
  ...changes,
});
const replaced = (...others: Ask[]): Ask[] => {
  const all = levels(0, 19).filter(({ level }) => others.every((other) => other.level !== level));
  return [...all, ...others];
};

test("a run without a fault has the time of its slowest request as its gap", () => {
  const { asked, signed, quiet, whole, seconds } = figuresOf(events({ asks: replaced(ask(4, { end: 4450 })) }));
  assert.deepEqual([asked, signed, seconds], [20, 20, 20]);
  assert.deepEqual(whole, { gapMs: 350, gapKey: "a", lost: 0, causes: [], missed: 0, slowestMs: 350 });
  assert.deepEqual(quiet, whole);
});

test("a gap lasts from the first lost request to the next signature of that key", () => {
  const asks = replaced(ask(5, { end: 5600, cause: "HTTP 502" }), ask(6, { end: 6600, cause: "HTTP 502" }));
  const [cost] = figuresOf(events({ asks, faults: [fault(5000)] })).faults;
  assert.deepEqual(
    [cost?.gapMs, cost?.lost, cost?.causes, cost?.missed, cost?.slowestMs],
    [2020, 2, ["HTTP 502"], 2, 20],
  );
});

test("a signature of another key ends no gap", () => {
  const asks = [
    ...replaced(ask(5, { end: 5600, cause: "HTTP 502" })),
    ...levels(0, 19).map((each) => ({ ...each, key: "b" })),
  ];
  const [cost] = figuresOf(events({ keys: ["a", "b"], asks, faults: [fault(5000)] })).faults;
  assert.deepEqual([cost?.gapMs, cost?.gapKey, cost?.missed], [1020, "a", 1]);
});

test("a request that was under way when the fault began is the fault's", () => {
  const asks = replaced(ask(5, { end: 9000 }));
  const { quiet, faults } = figuresOf(events({ asks, faults: [fault(5500)] }));
  assert.deepEqual([faults[0]?.gapMs, faults[0]?.slowestMs], [1020, 3900]);
  assert.equal(quiet.slowestMs, 20);
});

test("what comes after the begin of the next fault is that one's", () => {
  const asks = replaced(ask(5, { end: 5600, cause: "one" }), ask(12, { end: 12_600, cause: "two" }));
  const { faults, quiet, whole } = figuresOf(events({ asks, faults: [fault(5000), fault(10_000)] }));
  assert.deepEqual(
    faults.map(({ causes }) => causes),
    [["one"], ["two"]],
  );
  assert.deepEqual([quiet.lost, whole.lost], [0, 2]);
});

test("two faults at once answer for the same span", () => {
  const asks = replaced(ask(12, { end: 12_600, cause: "both" }));
  const pair = [
    fault(10_000, { kind: "link cut", joined: "pod deleted" }),
    fault(10_004, { kind: "pod deleted", joined: "link cut" }),
  ];
  const { faults } = figuresOf(events({ asks, faults: pair }));
  assert.deepEqual(
    faults.map(({ lost }) => lost),
    [1, 1],
  );
});

test("a level that nobody asked for is missed, and no gap", () => {
  const asks = levels(0, 19).filter(({ level }) => level !== 6 && level !== 7);
  const [cost] = figuresOf(events({ asks, faults: [fault(5000)] })).faults;
  assert.deepEqual([cost?.missed, cost?.lost, cost?.gapMs], [2, 0, 20]);
});

test("a key that never signs again has a gap to the end", () => {
  const asks = [...levels(0, 9), ask(10, { end: 13_000, cause: "HTTP 502" })];
  const [cost] = figuresOf(events({ asks, faults: [fault(10_000)] })).faults;
  assert.equal(cost?.gapMs, 9900);
});

test("a kind's figures are of the faults that came alone", () => {
  const alone = [fault(2050), fault(5050), fault(8050, { target: "office" })];
  const pair = [fault(12_000, { joined: "pod deleted" }), fault(12_000, { kind: "pod deleted", joined: "link cut" })];
  const asks = levels(0, 19).map((each) => (each.level === 8 ? { ...each, end: each.start + 700 } : each));
  assert.deepEqual(figuresOf(events({ asks, faults: [...alone, ...pair] })).kinds, [
    { kind: "link cut", times: 3, medianGapMs: 20, worstGapMs: 700, lost: 0, missed: 0 },
  ]);
});

test("a level that is missed is of the fault that began in it, and not of the one before", () => {
  const asks = levels(0, 19).filter(({ level }) => level !== 5);
  const { faults } = figuresOf(events({ asks, faults: [fault(2050), fault(5050)] }));
  assert.deepEqual(
    faults.map(({ missed }) => missed),
    [0, 1],
  );
});

test("a request that has just begun when the next fault begins is of that one alone", () => {
  const late = (start: number): Ask[] => [ask(5, { start, end: 5900 }), ...levels(0, 4), ...levels(6, 19)];
  const slowest = (start: number) => {
    const { faults } = figuresOf(events({ asks: late(start), faults: [fault(2050), fault(5050)] }));
    return faults.map(({ slowestMs }) => slowestMs);
  };
  assert.deepEqual(slowest(5000), [20, 900]);
  assert.deepEqual(slowest(4000), [1900, 1900]);
});

test("what a device refuses because it has signed it is a copy that came late", () => {
  const text = (level: number) => `home: preattestation level ${level} below high watermark 9`;
  const signature = {
    device: "home",
    address: "a",
    chain: "c",
    kind: "preattestation",
    level: 7,
    round: 0,
    digest: "d",
  };
  const refusals = [text(7), text(7), text(6)];
  const { late, refused } = figuresOf(events({ refusals, signatures: [signature] }));
  assert.deepEqual([late, refused], [[text(7)], [text(6)]]);
  // The other key may have been refused what nobody has signed with it.
  const other = figuresOf(events({ refusals, signatures: [signature, { ...signature, address: "b", level: 8 }] }));
  assert.deepEqual([other.late, other.refused], [[], [text(7), text(6)]]);
});
