import assert from "node:assert/strict";
import { test } from "node:test";
import { readManifests } from "./manifests.ts";

const scalars: [string, unknown][] = [
  ["0440", 0o440],
  ["0o440", 0o440],
  ["440", 440],
  ["0", 0],
  ["08", 8],
  ["0x10", 16],
  ["yes", true],
  ["off", false],
  ["~", null],
  ["12:30", "12:30"],
  ["2026-01-01", "2026-01-01"],
  ["1.5", 1.5],
  ["1e3", 1000],
  ['"0440"', "0440"],
  ["100m", "100m"],
];
for (const [text, value] of scalars) {
  test(`the scalar ${text} is read as Kubernetes reads it`, () => {
    assert.deepEqual(readManifests(`a: ${text}\n`), [{ a: value }]);
  });
}

test("documents that hold nothing are left out, and merge keys are merged", () => {
  assert.deepEqual(readManifests("---\n# nothing\n---\na: &x {b: 1}\nc: {<<: *x, d: 2}\n---\n"), [
    { a: { b: 1 }, c: { b: 1, d: 2 } },
  ]);
});
