import assert from "node:assert/strict";
import { test } from "node:test";
import { readAttested, readHeader, readRoundTimes, readSavepoint, readValidators } from "./nodeAnswers.ts";

// Answers in the shapes of Octez 25 on Ushuaia, shortened.

const content = { level: 15267099, round: 0, block_payload_hash: "vh2gbQ1k" };
const attestation = { kind: "attestation", slot: 3, ...content };
const metadata = {
  delegate: "tz1fv55cpdomJVPYA5M6BeUhqs9M1DbRB79A",
  consensus_power: { slots: 31, baking_power: null },
  consensus_key: "tz4Aoqz7YkYU4mvZWEsNB2bG2GCoArUGEz46",
};
const operation = (...contents: object[]) => ({
  ...{ protocol: "PsUshuai9Yyq", chain_id: "NetXdQprcVkpaWU", hash: "onx", branch: "BLu" },
  ...{ contents, signature: "sigk" },
});

const passes: [what: string, operations: object[], slots: number[]][] = [
  ["nothing", [], []],
  ["an attestation", [operation(attestation)], [3]],
  ["its metadata as well", [operation({ ...attestation, metadata })], [3]],
  ["metadata that was too large", [{ ...operation(attestation), metadata: "too large" }], [3]],
  ["one with DAL", [operation({ ...attestation, kind: "attestation_with_dal", slot: 7, dal_attestation: "0" })], [7]],
  [
    "an aggregate of tz4 keys, and a single one",
    [
      operation({
        kind: "attestations_aggregate",
        consensus_content: content,
        committee: [{ slot: 0, dal_attestation: "6" }, { slot: 12 }],
      }),
      operation(attestation),
    ],
    [0, 12, 3],
  ],
  [
    "preattestations alone",
    [
      operation({ ...attestation, kind: "preattestation" }),
      operation({ kind: "preattestations_aggregate", consensus_content: content, committee: [0, 12] }),
    ],
    [],
  ],
  ["an attestation of another level", [operation({ ...attestation, level: 15267098 })], []],
];
for (const [what, operations, slots] of passes) {
  test(`reads who has attested from a block with ${what}`, () => {
    assert.deepEqual([...readAttested(operations, 15267099)], slots);
  });
}

test("reads a header's time and round", () => {
  const header = {
    ...{ protocol: "PsUshuai9Yyq", chain_id: "NetXdQprcVkpaWU", hash: "BLu", level: 15267099, proto: 25 },
    ...{ predecessor: "BMx", timestamp: "2026-10-02T07:31:12Z", validation_pass: 4 },
    ...{ fitness: ["02", "00e8f51b", "", "ffffffff", "0000000a"], payload_round: 0 },
  };
  assert.deepEqual(readHeader(header), { level: 15267099, timeMs: Date.parse("2026-10-02T07:31:12Z"), round: 10 });
});

test("reads the rights of levels, in whatever order they come", () => {
  const delegate = { delegate: "tz1a", consensus_key: "tz4b", companion_key: "tz4c", attesting_power: "412" };
  const level = { consensus_threshold: "4667", consensus_committee: "7000", all_bakers_attest_activated: false };
  const answer = [
    { level: 8, ...level, delegates: [{ ...delegate, rounds: [2, 5], attestation_slot: 2 }] },
    { level: 7, ...level, delegates: [] },
  ];
  const rights = readValidators(answer);
  assert.deepEqual(rights.get(8), [{ key: "tz4b", slot: 2, rounds: [2, 5] }]);
  assert.deepEqual(rights.get(7), []);
});

test("reads when rounds begin, where the node says it", () => {
  const right = { level: 8, delegate: "tz1a", consensus_key: "tz1a" };
  const times = readRoundTimes([
    { ...right, round: 0, estimated_time: "2026-10-02T07:31:12Z" },
    { ...right, round: 1, estimated_time: "2026-10-02T07:31:18Z" },
    { ...right, round: 2 },
  ]);
  assert.deepEqual(
    [...times],
    [
      [0, Date.parse("2026-10-02T07:31:12Z")],
      [1, Date.parse("2026-10-02T07:31:18Z")],
    ],
  );
});

test("reads the lowest level that a node has", () => {
  assert.equal(readSavepoint({ block_hash: "BLu", level: 4 }), 4);
});

test("says where an answer is another one than Octez 25 gives", () => {
  assert.throws(() => readHeader({ level: 1, timestamp: "now", fitness: [] }), /^Error: node, header: .*timestamp/s);
});
