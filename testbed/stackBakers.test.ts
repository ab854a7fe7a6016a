import assert from "node:assert/strict";
import { test } from "node:test";
import { attestedLevels } from "./stackBakers.ts";

test("a level counts once for each key that has attested it, and a companion's signature is no other vote", () => {
  const lines = [
    "a: signed preattestation level 6 in 3 ms",
    "a: signed attestation level 7 in 3 ms",
    "a: signed attestation level 7 in 4 ms with companion key c",
    "b: signed attestation level 8 in 12 ms",
    "b: failed attestation level 9: its time had passed",
  ];
  assert.deepEqual(attestedLevels(lines), [7, 8]);
  assert.deepEqual([attestedLevels(lines, "b"), attestedLevels(lines, "a", "b")], [[8], [7, 8]]);
});
