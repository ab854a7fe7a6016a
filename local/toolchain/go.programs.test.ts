import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { stateFolder } from "../machine/paths.ts";
import { buildProgram } from "./go.ts";

test("several commands may build a program at once, and leave nothing else", async () => {
  const folder = mkdtempSync(join(tmpdir(), "build-test-"));
  try {
    const target = join(folder, "hook");
    const build = (): Promise<void> =>
      buildProgram("./signer-forwarder/hook", target, join(stateFolder, "tools"), () => {});
    await Promise.all(Array.from({ length: 8 }, build));
    assert.deepEqual(readdirSync(folder), ["hook"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
