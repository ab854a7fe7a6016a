import assert from "node:assert/strict";
import { test } from "node:test";
import { chooseLevels, parseLevels } from "./levelRange.ts";

test("levels are written as A..B", () => {
  assert.deepEqual(parseLevels("4711..4720"), { from: 4711, to: 4720 });
  assert.deepEqual(parseLevels("7..7"), { from: 7, to: 7 });
});

for (const text of ["", "4711", "4711..", "..4720", "4720..4711", "4711-4720", "4711..4720..4730", "-1..3", "1.5..2"]) {
  test(`${JSON.stringify(text)} is a mistake`, () => {
    assert.throws(() => parseLevels(text), /^Error: --levels: found .*, wanted A\.\.B/);
  });
}

const known = { from: 51, to: 437 };
test("without a wish the last hundred levels are looked at, or as many as the node has", () => {
  assert.deepEqual(chooseLevels(undefined, known), { from: 338, to: 437 });
  assert.deepEqual(chooseLevels(undefined, { from: 400, to: 437 }), { from: 400, to: 437 });
});

test("a node that has just started is an error", () => {
  assert.throws(() => chooseLevels(undefined, { from: 51, to: 50 }), /has just started/);
});

test("levels that the node can't answer about are an error that says which it can", () => {
  assert.deepEqual(chooseLevels({ from: 51, to: 437 }, known), { from: 51, to: 437 });
  for (const wanted of [
    { from: 50, to: 60 },
    { from: 430, to: 438 },
  ])
    assert.throws(() => chooseLevels(wanted, known), /wanted levels within 51\.\.437/);
});
