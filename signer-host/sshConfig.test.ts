import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fillSshConfig, type SshConfigValues, sshHost } from "./sshConfig.ts";

const template = readFileSync(join(import.meta.dirname, "ssh_config"), "utf8");
const values: SshConfigValues = {
  forwarder: { host: "198.51.100.7", port: 30022, user: "signer" },
  port: 8443,
  sshPort: 9443,
  localSignerPort: 8442,
  localSshPort: 22,
  identityFile: "/var/lib/a signer/ssh_key",
  knownHostsFile: "/var/lib/a signer/known_hosts",
};

/** What the ssh client of this machine makes of the filled template: setting, then its values in order. */
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

test("every setting of the template has its placeholders filled and nothing is left", () => {
  assert.doesNotMatch(fillSshConfig(template, values).replace(/^\s*#.*$/gm, ""), /\$/);
});

const refused: [string, Partial<SshConfigValues>, RegExp][] = [
  ["a line break in the host", { forwarder: { ...values.forwarder, host: "a\nProxyCommand sh" } }, /FORWARDER_HOST/],
  ["a host that looks like an option", { forwarder: { ...values.forwarder, host: "-oX" } }, /FORWARDER_HOST/],
  ["a space in the user", { forwarder: { ...values.forwarder, user: "a b" } }, /FORWARDER_USER/],
  ["a port above 65535", { sshPort: 65536 }, /SIGNER_SSH_PORT: found 65536/],
  ["a quote in a path", { identityFile: '/a"b' }, /IDENTITY_FILE/],
  ["a token that ssh expands", { knownHostsFile: "/home/%u/known_hosts" }, /KNOWN_HOSTS_FILE/],
  ["a variable that ssh expands", { knownHostsFile: "/$" + "{HOME}/known_hosts" }, /KNOWN_HOSTS_FILE/],
  ["a relative path", { identityFile: "ssh_key" }, /IDENTITY_FILE/],
];
for (const [what, change, message] of refused) {
  test(`refuses ${what}`, () => {
    assert.throws(() => fillSshConfig(template, { ...values, ...change }), message);
  });
}

test("refuses a placeholder that it does not know", () => {
  assert.throws(() => fillSshConfig("Port $" + "{PROT}", values), /PROT/);
});

test("an idle tunnel says something from both ends long before a load balancer forgets it", () => {
  const sshd = readFileSync(join(import.meta.dirname, "../signer-forwarder/sshd_config"), "utf8");
  const ends = [settings().get("serveraliveinterval")?.[0], /^ClientAliveInterval (\d+)$/m.exec(sshd)?.[1]].map(Number);
  // Google's external passthrough load balancer keeps an idle connection for 60 s (the default of idleTimeoutSec of a backend
  // service's connectionTrackingPolicy in its API), its networks' firewalls for 10 minutes.
  for (const seconds of ends) assert.ok(seconds > 0 && seconds <= 20, ends.join());
});
