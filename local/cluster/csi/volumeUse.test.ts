import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { VolumeUse } from "./volumeUse.ts";

const use = () => new VolumeUse(join(mkdtempSync(join(tmpdir(), "use-")), "volume-use"));
const message = "volume pvc-1: found it in use on node one, wanted it free for node two";

test("a volume is used on one node at a time, by as many of its pods as want it", () => {
  const volumes = use();
  volumes.take("pvc-1", "one", "/a");
  volumes.take("pvc-1", "one", "/a");
  volumes.take("pvc-1", "one", "/b");
  assert.throws(() => volumes.take("pvc-1", "two", "/c"), { message });
  volumes.take("pvc-2", "two", "/c");
  volumes.release("pvc-1", "one", "/a");
  assert.throws(() => volumes.take("pvc-1", "two", "/c"), { message }, "another pod has it still");
  volumes.release("pvc-1", "one", "/b");
  volumes.take("pvc-1", "two", "/c");
});

test("a node releases nothing that it does not have", () => {
  const volumes = use();
  volumes.release("pvc-1", "one", "/a");
  volumes.take("pvc-1", "one", "/a");
  volumes.release("pvc-1", "two", "/a");
  assert.throws(() => volumes.take("pvc-1", "two", "/c"), { message });
});

test("the volumes of a node that has ended are free, and those of others are not", () => {
  const volumes = use();
  volumes.forget("two");
  volumes.take("pvc-1", "one", "/a");
  volumes.take("pvc-2", "two", "/b");
  volumes.forget("two");
  volumes.take("pvc-2", "one", "/b");
  assert.throws(() => volumes.take("pvc-1", "two", "/c"), { message });
});
