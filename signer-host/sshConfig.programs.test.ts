import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { template, values } from "./sampleSshConfig.ts";
import { fillSshConfig, sshHost } from "./sshConfig.ts";

/** The filled template as this machine's ssh client reads it: each setting with its values in order. */
function settings(): Map<string, string[]> {
  const folder = mkdtempSync(join(tmpdir(), "ssh-config-"));
  try {
    const file = join(folder, "ssh_config");
    writeFileSync(file, fillSshConfig(template, values));
    const found = new Map<string, string[]>();
    for (const line of execFileSync("ssh", ["-G", "-F", file, sshHost], { encoding: "utf8" }).trim().split("\n")) {
      const [, name = "", value = ""] = /^(\S+) ?(.*)$/.exec(line) ?? [];
      found.set(name, [...(found.get(name) ?? []), value]);
    }
    return found;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("ssh understands the filled template as it is meant", () => {
  const found = settings();
  const wanted: Record<string, string[]> = {
    hostname: ["198.51.100.7"],
    port: ["30022"],
    user: ["signer"],
    remoteforward: ["8443 [127.0.0.1]:8442", "9443 [127.0.0.1]:22"],
    identityfile: ["/var/lib/a signer/ssh_key"],
    userknownhostsfile: ["/var/lib/a signer/known_hosts"],
    globalknownhostsfile: ["none"],
    identitiesonly: ["yes"],
    batchmode: ["yes"],
    stricthostkeychecking: ["true"],
    hostkeyalias: ["198.51.100.7"],
    updatehostkeys: ["true"],
    exitonforwardfailure: ["yes"],
    sessiontype: ["none"],
    serveraliveinterval: ["2"],
    serveralivecountmax: ["2"],
    connecttimeout: ["10"],
    tcpkeepalive: ["yes"],
    forwardagent: ["no"],
    forwardx11: ["no"],
    tunnel: ["false"],
    permitlocalcommand: ["no"],
    controlmaster: ["false"],
  };
  assert.deepEqual(Object.fromEntries(Object.keys(wanted).map((name) => [name, found.get(name)])), wanted);
});
