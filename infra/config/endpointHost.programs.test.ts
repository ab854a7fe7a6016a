import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { isOnPath } from "../facts/onPath.ts";
import { spellings } from "./hostSpellings.ts";

test("this machine's ssh looks up the same", { skip: !isOnPath("ssh") && "no ssh" }, () => {
  for (const [host, spelling] of spellings) {
    // ssh dials nothing. It prints the host for which it would call the proxy command.
    const words = ["-v", "-T", "-F", "none", "-o", "BatchMode=yes", "-o", "ProxyCommand=true %h", `x@${host}`];
    const { stderr } = spawnSync("ssh", words, { encoding: "utf8" });
    assert.equal(/Executing proxy command: exec true (\S+)/.exec(stderr)?.[1]?.trim(), spelling, host);
  }
});
