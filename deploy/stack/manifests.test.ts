import assert from "node:assert/strict";
import { test } from "node:test";
import type { Manifest } from "./manifest.ts";
import { printManifests, readManifests } from "./manifests.ts";

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
  ["1E-3", 0.001],
  ["5.", 5],
  ["-.5", -0.5],
  ["1e400", "1e400"],
  ["0X10", 16],
  ["-0x10", -16],
  ["0xg", "0xg"],
  ["0b11", 3],
  ["0O17", 15],
  ["1_000", 1000],
  ["0x_1", 1],
  ["_1", "_1"],
  ["09.5", 9.5],
  ["y", true],
  ["N", false],
  ["tRue", "tRue"],
  ["1.2.3", "1.2.3"],
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

for (const [text] of scalars) {
  test(`the text ${text} is printed as one that stays a text`, () => {
    const object = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: text },
      data: { [text]: text },
    } as Manifest;
    assert.deepEqual(readManifests(printManifests([object])), [object]);
  });
}
