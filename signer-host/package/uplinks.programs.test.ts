import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { KitFacts } from "./kitFacts.ts";
import { packageFiles } from "./packageFiles.ts";
import { allFacts } from "./sampleFacts.ts";

test("a tunnel dials by its uplink, and probes a metered one less often", () => {
  const facts = allFacts["ledger, with two uplinks"] as KitFacts;
  const file = packageFiles(facts).get("etc/remote-signer/ssh_config");
  const folder = mkdtempSync(join(tmpdir(), "kit-ssh-config-"));
  writeFileSync(join(folder, "ssh_config"), file && "content" in file ? file.content : "");
  const settings = [0, 1].map((index) => {
    const words = ["-G", "-F", join(folder, "ssh_config"), `signer-forwarder-${index}`];
    const lines = execFileSync("ssh", words, { encoding: "utf8" }).split("\n");
    return lines.filter((line) => /^(proxy|serveralive)/.test(line)).sort();
  });
  rmSync(folder, { recursive: true });
  assert.deepEqual(settings, [
    [
      "proxycommand /usr/bin/signer-host connect eth0 %h %p",
      "proxyusefdpass yes",
      "serveralivecountmax 2",
      "serveraliveinterval 2",
    ],
    [
      "proxycommand /usr/bin/signer-host connect wwan0 %h %p",
      "proxyusefdpass yes",
      "serveralivecountmax 2",
      "serveraliveinterval 10",
    ],
  ]);
});
