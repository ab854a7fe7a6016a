import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { stateFolder } from "../machine/paths.ts";
import { run } from "../machine/run.ts";
import { buildProgram, ensureGo } from "./go.ts";

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

test("several commands may fetch the Go toolchain at once, on a machine with an older Go", async () => {
  const folder = mkdtempSync(join(tmpdir(), "go-test-"));
  const path = process.env.PATH;
  try {
    const installed = (await run("sh", ["-c", "command -v go"])).trim();
    const older = `#!/bin/sh\nif [ "$1" = version ]; then echo go version go1.19.8; else exec ${installed} "$@"; fi\n`;
    writeFileSync(join(folder, "go"), older);
    chmodSync(join(folder, "go"), 0o755);
    process.env.PATH = `${folder}:${path}`;
    const found = await Promise.all([1, 2, 3].map(() => ensureGo(join(folder, "tools"), () => {})));
    assert.equal(new Set(found).size, 1);
    assert.ok(found[0]?.startsWith(join(folder, "tools")) && existsSync(found[0]), found[0]);
  } finally {
    process.env.PATH = path;
    rmSync(folder, { recursive: true });
  }
});
