import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { shellLine } from "./shellWords.ts";

test("a shell reads the words again as they were", () => {
  const words = ["-l", "pi", "a b", "it's", "$HOME", "", "*", "a\nb", '"', "user@host:/x"];
  const output = execFileSync("sh", ["-c", `printf '%s\\0' ${shellLine(words)}`], { encoding: "utf8" });
  assert.deepEqual(output.split("\0").slice(0, -1), words);
});

test("plain words stay plain", () => {
  assert.equal(
    shellLine(["ssh", "-p", "9443", "-o", "HostKeyAlias=home.prod", "127.0.0.1"]),
    "ssh -p 9443 -o HostKeyAlias=home.prod 127.0.0.1",
  );
});
