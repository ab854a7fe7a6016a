import assert from "node:assert/strict";
import { test } from "node:test";
import { ChainReader } from "./chainReader.ts";

const start = Date.parse("2026-10-02T07:00:00Z");
const timeOf = (level: number) => new Date(start + level * 6000).toISOString();
const asked: string[] = [];

/** A node at level 140. Level 115 came in round 1, and slot 2 has not attested 117. */
async function node(path: string): Promise<unknown> {
  asked.push(path);
  const url = new URL(path, "http://node");
  const [, block = "", call] = /^\/chains\/main\/blocks\/(\w+)\/(.*)$/.exec(url.pathname) ?? [];
  const level = block === "head" ? 140 : Number(block);
  switch (call) {
    case undefined:
      return { block_hash: "BLu", level: 50 };
    case "header":
      return {
        level,
        timestamp: timeOf(level),
        fitness: ["02", "", "", "ffffffff", level === 115 ? "00000001" : "00000000"],
      };
    case "helpers/validators":
      return url.searchParams
        .getAll("level")
        .toReversed()
        .map((each) => ({
          level: Number(each),
          delegates: [{ consensus_key: "tz1a", attestation_slot: 2, rounds: each === "115" ? [0, 4] : [] }],
        }));
    case "helpers/baking_rights":
      return [0, 1].map((round) => ({ round, estimated_time: timeOf(level + 1 + round) }));
    default: {
      const slots = level === 118 ? [9] : [2, 9];
      return slots.map((slot) => ({ contents: [{ kind: "attestation", level: level - 1, slot }] }));
    }
  }
}

test("knows the levels whose next block is final, and whose block before is there", async () => {
  assert.deepEqual(await new ChainReader(node, []).known(), { from: 51, to: 137 });
});

test("reads rights, attestations, rounds and times of levels, ten at a time", async () => {
  asked.length = 0;
  const facts = await new ChainReader(node, ["tz1a", "tz4b"]).facts(114, 125, () => {});
  assert.deepEqual(
    facts.map(({ level }) => level),
    Array.from({ length: 12 }, (_, index) => 114 + index),
  );
  assert.deepEqual(facts[1], {
    ...{ level: 115, timeMs: start + 115 * 6000, nextMs: start + 116 * 6000, round: 1 },
    ...{ rights: [{ key: "tz1a", slot: 2, rounds: [0, 4] }], attested: new Set([2, 9]) },
    roundTimes: new Map([
      [0, start + 115 * 6000],
      [1, start + 116 * 6000],
    ]),
  });
  assert.deepEqual(facts[3]?.attested, new Set([9]));
  const rights = asked.filter((path) => path.includes("validators"));
  assert.equal(rights.length, 2);
  assert.match(
    rights[1] ?? "",
    /blocks\/125\/helpers\/validators\?level=124&level=125&consensus_key=tz1a&consensus_key=tz4b$/,
  );
  assert.deepEqual(
    asked.filter((path) => path.includes("baking_rights")),
    ["/chains/main/blocks/114/helpers/baking_rights?level=115&max_round=1&all=true"],
  );
});
