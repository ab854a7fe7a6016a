import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { test } from "node:test";
import { ensureCsiFiles } from "./csiFiles.ts";

test("two clusters that start at once on a new machine both find the files", async () => {
  const folder = mkdtempSync(join(tmpdir(), "csi-files-"));
  try {
    const program = join(folder, "cluster-0", "csi-provisioner");
    const found = await Promise.all([1, 2, 3, 4].map(() => ensureCsiFiles(program, () => {})));
    for (const { proto, definitions } of found) {
      assert.equal(basename(proto), "csi.proto");
      assert.equal(definitions.length, 3);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
