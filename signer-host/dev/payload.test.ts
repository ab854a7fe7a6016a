import assert from "node:assert/strict";
import { test } from "node:test";
import { readPayload } from "./payload.ts";
import { Refusal } from "./refusal.ts";
import { blockBytes, voteBytes } from "./sampleBytes.ts";

// Two real requests, from Signatory's public tests and debugging page (github.com/ecadlabs/signatory).
const realBlock =
  "11b3d79f99000000020130c1cb51f36daebee85fe99c04800a38e8133ffd2fa329cd4db35f32fe5bf5e30000000064277aa504683625c2445a4e" +
  "9564bf710c5528fd99a7d150d2a2a323bc22ff9e2710da4f6d00000021000000010200000004000000020000000000000004ffffffff00000004" +
  "00000000080966c1f5a955161345bc7d81ac205ebafc89f5977a5bc88e47ab1b6f8d791e5ae8b92d9bc0523b3e07848458e66dc4265e29f3c5d8" +
  "007447862e2483fdad1200000000a40d1a28000000000002";
const realAttestation =
  "131395aa01961837e74d50c9ce304c83e3baa60061f956d9c8703df1d6374e86417b3b753315000c000353cf00000000c18896cfe7d09893bc25" +
  "997f24b46515e1e6c58a0deaba0a5f17dc0dc59ae038";

test("reads a real block", () => {
  assert.deepEqual(readPayload(Buffer.from(realBlock, "hex"), false), {
    kind: "block",
    chainId: "NetXo5iVw1vBoxM",
    level: 2,
    round: 0,
  });
});

test("reads a real attestation", () => {
  const { chainId, ...rest } = readPayload(Buffer.from(realAttestation, "hex"), false);
  assert.deepEqual(rest, { kind: "attestation", level: 0x353cf, round: 0 });
  assert.match(chainId, /^Net/);
});

const at = { level: 123456, round: 3 };
const layouts: [string, Uint8Array, boolean, string][] = [
  ["a block without a locked round", blockBytes(at), false, "block"],
  ["a block with a locked round", blockBytes(at, 2), false, "block"],
  ["a block of a tz4 key", blockBytes(at), true, "block"],
  ["a preattestation", voteBytes(0x12, at), false, "preattestation"],
  ["an attestation", voteBytes(0x13, at), false, "attestation"],
  ["a preattestation of a tz4 key, without slot", voteBytes(0x12, at, true), true, "preattestation"],
  ["an attestation of a tz4 key, without slot", voteBytes(0x13, at, true), true, "attestation"],
];
for (const [what, bytes, isBls, kind] of layouts) {
  test(`reads ${what}`, () => {
    const { chainId, ...rest } = readPayload(bytes, isBls);
    assert.deepEqual(rest, { kind, ...at });
  });
}

test("reads bytes that are a part of a larger buffer", () => {
  const whole = Buffer.concat([Buffer.alloc(5), voteBytes(0x13, at)]);
  assert.equal(readPayload(whole.subarray(5), false).level, at.level);
});

const blockCut =
  /^Failed to retrieve level and round of a Tenderbake block: Invalid_argument\("index out of bounds"\)$/;
const voteCut = /^Failed to retrieve level .* or preattestation \(Invalid_argument\("index out of bounds"\)\)$/;
const refused: [string, Uint8Array, RegExp][] = [
  ["an operation", Buffer.of(0x03, 1, 2), /^magic byte 0x03 not allowed$/],
  ["an old block", Buffer.alloc(300, 0x01), /^magic byte 0x01 not allowed$/],
  ["Michelson data", Buffer.of(0x05), /^magic byte 0x05 not allowed$/],
  ["a block of one byte", Buffer.of(0x11), /too short to be a block/],
  ["a block that ends before its fitness", blockBytes(at).subarray(0, 83), blockCut],
  ["a block whose fitness says that it is longer than the block", withFitnessLength(5000), blockCut],
  ["a block with a negative fitness length", withFitnessLength(-1000), blockCut],
  ["a vote of eight bytes", voteBytes(0x12, at).subarray(0, 8), /too short to be a preattestation$/],
  ["a vote that ends in its round", voteBytes(0x12, at).subarray(0, 47), voteCut],
];
for (const [what, bytes, message] of refused) {
  test(`refuses ${what}`, () => {
    assert.throws(
      () => readPayload(bytes, false),
      (error) => error instanceof Refusal && message.test(error.message),
    );
  });
}

test("fails on nothing as octez-signer does, which looks at the first byte of it", () => {
  const message = 'Invalid_argument("index out of bounds")';
  assert.throws(() => readPayload(Buffer.alloc(0), false), { name: "OcamlException", message });
});

function withFitnessLength(length: number): Buffer {
  const bytes = blockBytes(at);
  bytes.writeInt32BE(length, 83);
  return bytes;
}
