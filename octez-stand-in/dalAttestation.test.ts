import assert from "node:assert/strict";
import { test } from "node:test";
import { dalAttestation, numberBytes, readNumber } from "./dalAttestation.ts";

test("an attestation without slots is empty", () => {
  assert.equal(dalAttestation([], 100), 0n);
  assert.equal(dalAttestation([{ slot_level: 90, slot_index: 0 }], 100), 0n);
});

test("slots are written by lag, in chunks of seven", () => {
  const slots = [
    ...[1, 5].map((slot_index) => ({ slot_level: 99, slot_index })),
    ...[0, 11].map((slot_index) => ({ slot_level: 97, slot_index })),
  ];
  // Octez's own example, with a fifth lag that is empty.
  assert.equal(dalAttestation(slots, 100).toString(2), "100001000000100100010101010");
});

test("a number has the bytes of Octez, and is read from them", () => {
  for (const [value, hex] of [
    [0n, "00"],
    [63n, "3f"],
    [64n, "8001"],
    [300n, "ac04"],
    [1n << 40n, "808080808040"],
  ] as const) {
    assert.equal(numberBytes(value).toString("hex"), hex);
    assert.deepEqual(readNumber(Buffer.from(`${hex}ffff`, "hex")), { value, length: hex.length / 2 });
  }
  assert.equal(readNumber(Buffer.from("80ff", "hex")), undefined);
});
