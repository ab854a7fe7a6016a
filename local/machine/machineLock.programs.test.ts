import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { withLock } from "./machineLock.ts";

test("a lock lets one in at a time, and is given back after an error", async () => {
  const folder = mkdtempSync(join(tmpdir(), "lock-test-"));
  try {
    const file = join(folder, "sub", "lock");
    let inside = 0;
    const work = async (): Promise<void> => {
      assert.equal(++inside, 1);
      await new Promise((resolve) => setTimeout(resolve, 20));
      inside--;
    };
    await assert.rejects(
      withLock(
        file,
        "x",
        () => {},
        () => Promise.reject(new Error("broken")),
      ),
      /broken/,
    );
    await Promise.all([1, 2, 3].map(() => withLock(file, "x", () => {}, work)));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
