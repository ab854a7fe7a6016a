import assert from "node:assert/strict";
import { test } from "node:test";
import type { Duty } from "./duties.ts";
import { type BakerReport, exitCodeOf, jsonOf, linesOf, reportOn } from "./report.ts";
import type { Verdict } from "./verdict.ts";

const start = Date.parse("2026-11-28T09:00:00Z");
const duty = (level: number, key: string, isOnChain: boolean, kind: Duty["kind"] = "attestation"): Duty => ({
  ...{ key, kind, level, round: kind === "block" ? 1 : 0, isOnChain },
  ...{ fromMs: start + level * 6000, untilMs: start + level * 6000 + 6000 },
});
const log = { requests: [], fromMs: start, downs: [], leftOutMs: [] };
const names: Readonly<Record<string, string>> = { tz1a: "home-baker", tz1b: "office-baker" };
const nameOf = (key: string): string => names[key] ?? key;
const report = (duties: readonly Duty[], keys = ["tz1a", "tz1b"]) =>
  reportOn("alice", { from: 5, to: 7 }, duties, log, keys, () => ["home"]);

const missing = report([
  duty(5, "tz1a", true),
  duty(5, "tz1b", true),
  duty(6, "tz1a", false, "block"),
  duty(6, "tz1a", false),
  duty(6, "tz1b", true),
  duty(7, "tz1a", true),
  duty(7, "tz1b", false),
]);

test("a level with misses has a line, and the last line sums up", () => {
  assert.deepEqual(linesOf(missing, nameOf), [
    "6  2026-11-28T09:00:36Z  home-baker block of round 1: never asked (the baker asked for nothing); home-baker attestation: never asked (the baker asked for nothing)",
    "7  2026-11-28T09:00:42Z  office-baker attestation: never asked (the baker asked for nothing)",
    "baker alice, levels 5..7: 6 attestations and 1 blocks due, 3 missed: 3 never asked",
  ]);
});

test("programs get each miss with its level, time, key, kind, round and verdict", () => {
  const { bakers } = JSON.parse(jsonOf([missing], nameOf)) as { bakers: { missed: object[] }[] };
  assert.deepEqual(bakers[0]?.missed[0], {
    ...{ level: 6, time: "2026-11-28T09:00:36Z", key: "tz1a", name: "home-baker", kind: "block", round: 1 },
    ...{ what: "never asked", detail: "the baker asked for nothing" },
  });
  assert.deepEqual(
    { ...bakers[0], missed: [] },
    {
      ...{
        baker: "alice",
        levels: { from: 5, to: 7 },
        due: { attestations: 6, blocks: 1 },
        withoutRights: [],
        missed: [],
      },
    },
  );
});

test("a key that had no rights is named", () => {
  assert.deepEqual(linesOf(report([duty(5, "tz1a", true)], ["tz1a", "tz1b"]), nameOf), [
    "baker alice: office-baker had no rights",
    "baker alice, levels 5..7: 1 attestations and 0 blocks due, none missed",
  ]);
});

const withVerdicts = (...whats: Verdict["what"][]): BakerReport => ({
  ...report([duty(5, "tz1a", true)]),
  missed: whats.map((what) => ({ ...duty(5, "tz1a", false), verdict: { what, detail: "" } })),
});
const codes: [verdicts: Verdict["what"][], code: number][] = [
  [[], 0],
  [["not us"], 0],
  [["not us", "can't tell"], 2],
  [["can't tell", "no answer"], 1],
  [["never asked"], 1],
  [["asked late"], 1],
  [["refused"], 1],
  [["signed late"], 1],
];
for (const [whats, code] of codes) {
  test(`${whats.join(" and ") || "no miss"} ends with ${code}`, () => {
    assert.equal(exitCodeOf([withVerdicts(), withVerdicts(...whats)]), code);
  });
}

test("nothing due can't be told from nothing missed", () => {
  assert.equal(exitCodeOf([report([])]), 2);
});
