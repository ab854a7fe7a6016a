import assert from "node:assert/strict";
import { test } from "node:test";
import type { LevelFacts } from "./chainReader.ts";
import { dutiesOf } from "./duties.ts";

const facts: LevelFacts = {
  ...{ level: 9, timeMs: 60_000, nextMs: 66_000, round: 0, attested: new Set([1]), roundTimes: new Map() },
  rights: [
    { key: "home", slot: 1, rounds: [] },
    { key: "office", slot: 4, rounds: [] },
  ],
};
const short = (of: LevelFacts) =>
  dutiesOf(of).map(({ key, kind, round, isOnChain, fromMs, untilMs }) =>
    [key, kind, round, isOnChain ? "on chain" : "missed", fromMs / 1000, untilMs / 1000].join(" "),
  );

test("each key with rights has to attest before the next block", () => {
  assert.deepEqual(short(facts), ["home attestation 0 on chain 60 66", "office attestation 0 missed 60 66"]);
});

test("a key has to bake in each of its rounds up to the block's", () => {
  const rights = [{ key: "home", slot: 1, rounds: [0, 2, 3] }];
  const roundTimes = new Map([0, 1, 2].map((round) => [round, 40_000 + 10_000 * round]));
  assert.deepEqual(short({ ...facts, round: 2, roundTimes, rights }), [
    "home block 0 missed 40 50",
    "home block 2 on chain 60 66",
    "home attestation 2 on chain 60 66",
  ]);
});

test("a key without rights has no duty", () => {
  assert.deepEqual(dutiesOf({ ...facts, rights: [] }), []);
});
