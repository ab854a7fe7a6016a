import assert from "node:assert/strict";
import { test } from "node:test";
import type { Payload } from "./payload.ts";
import { checkMark, type Mark } from "./watermark.ts";

const same = "aa".repeat(32);
const other = "bb".repeat(32);
const mark: Mark = { level: 100, round: 2, hash: same, signature: "edsigOfTheMark" };
const { signature: _, ...unsigned } = mark;

function payload(level: number, round: number): Payload {
  return { kind: "attestation", chainId: "Net", level, round };
}

const signed: [string, Mark | undefined, Payload][] = [
  ["the first of a key", undefined, payload(1, 0)],
  ["a higher level", mark, payload(101, 0)],
  ["a higher level at a lower round", mark, payload(101, 1)],
  ["a higher round of the same level", mark, payload(100, 3)],
  ["a higher round than a mark without a signature", unsigned, payload(100, 3)],
];
for (const [what, before, now] of signed) {
  test(`signs ${what}`, () => assert.equal(checkMark(before, now, other), undefined));
}

test("gives the same signature for the same bytes", () => {
  assert.equal(checkMark(mark, payload(100, 2), same), "edsigOfTheMark");
});

const refused: [string, Mark, Payload, string, string][] = [
  ["a lower level", mark, payload(99, 9), other, "attestation level 99 below high watermark 100"],
  [
    "a lower level, even with the mark's bytes",
    mark,
    payload(99, 2),
    same,
    "attestation level 99 below high watermark 100",
  ],
  ["a lower round", mark, payload(100, 1), other, "attestation level 100 and round 1 not above high watermark (100,2)"],
  [
    "other bytes of the same level and round",
    mark,
    payload(100, 2),
    other,
    "attestation level 100 and round 2 already signed with different data",
  ],
  [
    "the level and round of a mark without a signature",
    unsigned,
    payload(100, 2),
    same,
    "attestation level 100 and round 2 not above high watermark (100, 2)",
  ],
  [
    "a lower level than a mark without a signature",
    unsigned,
    payload(99, 2),
    same,
    "attestation level 99 not above high watermark 100",
  ],
];
for (const [what, before, now, hash, message] of refused) {
  test(`refuses ${what}`, () => assert.throws(() => checkMark(before, now, hash), { name: "Refusal", message }));
}
