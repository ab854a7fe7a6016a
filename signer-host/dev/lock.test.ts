import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { takeLock } from "./lock.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lock-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("is held until it is given back, and leaves nothing behind", () => {
  const release = takeLock(join(folder, "lock"));
  assert.throws(() => takeLock(join(folder, "lock")), { name: "LockHeldError", pid: process.pid });
  release();
  takeLock(join(folder, "lock"))();
  assert.deepEqual(readdirSync(folder), []);
});

test("is held by another process until that one is killed", async () => {
  const code = `import { takeLock } from ${JSON.stringify(join(import.meta.dirname, "lock.ts"))};
    takeLock(${JSON.stringify(join(folder, "lock"))}); console.log("held"); setInterval(() => {}, 1000);`;
  const other = spawn(process.execPath, ["--input-type=module", "-e", code], { stdio: ["ignore", "pipe", "inherit"] });
  await once(other.stdout, "data");
  assert.throws(() => takeLock(join(folder, "lock")), { name: "LockHeldError", pid: other.pid });
  other.kill("SIGKILL");
  await once(other, "close");
  takeLock(join(folder, "lock"))();
});

for (const [what, content] of [
  ["whose process id another process has by now", JSON.stringify({ pid: process.pid, started: "1@another-boot" })],
  ["that holds nothing", ""],
] as const) {
  test(`takes over a lock ${what}`, () => {
    writeFileSync(join(folder, "lock"), content);
    takeLock(join(folder, "lock"))();
    assert.deepEqual(readdirSync(folder), []);
  });
}
