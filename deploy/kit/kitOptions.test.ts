import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { UsageError } from "../cli/command.ts";
import { architectureIn, epochIn, folderIn } from "./kitOptions.ts";

const folder = mkdtempSync(join(tmpdir(), "kit-options-"));
after(() => rmSync(folder, { recursive: true }));

test("a kit is for this machine's architecture unless another is named", () => {
  assert.deepEqual(
    [architectureIn(undefined, "x64"), architectureIn(undefined, "arm"), architectureIn("arm64", "x64")],
    ["amd64", "armhf", "arm64"],
  );
});

const mistakes: [string, () => unknown, RegExp][] = [
  ["an unknown architecture", () => architectureIn("armv6"), /^--arch: found "armv6", wanted .*: amd64, arm64, armhf$/],
  ["none on a machine of another", () => architectureIn(undefined, "riscv64"), /^--arch: found nothing/],
  ["a folder that is not there", () => folderIn(join(folder, "none")), /^--out: found no folder at .*none/],
  ["a file", () => folderIn(join(folder, "file")), /^--out: found a file at/],
  ["a folder of the kernel's", () => folderIn("/proc/self"), /^--out: found a folder that can't be written/],
  ["a time in words", () => epochIn("today"), /^SOURCE_DATE_EPOCH: found "today", wanted seconds/],
];
for (const [what, read, message] of mistakes) {
  test(`${what} is a usage error`, () => {
    writeFileSync(join(folder, "file"), "");
    assert.throws(read, (error) => error instanceof UsageError && message.test(error.message));
  });
}

test("a kit is of now, or of SOURCE_DATE_EPOCH", () => {
  assert.equal(epochIn("1700000000"), 1_700_000_000);
  assert.ok(Math.abs(epochIn(undefined) - Date.now() / 1000) < 2);
});
