import assert from "node:assert/strict";
import { test } from "node:test";
import { durationText, shortText } from "./duration.ts";

test("a duration has its two largest units", () => {
  const texts = [0, -3, 0.4, 59.4, 60, 3605, 7325, 90_000, 172_800].map(durationText);
  assert.deepEqual(texts, ["0 s", "0 s", "0 s", "59 s", "1 min", "1 h 5 s", "2 h 2 min", "1 d 1 h", "2 d"]);
});

test("the time of a signature is in milliseconds", () => {
  assert.deepEqual([0.00084, 0.0149, 0.2144, 9.99, 12.4].map(shortText), [
    "0.8 ms",
    "15 ms",
    "214 ms",
    "9990 ms",
    "12 s",
  ]);
});
