import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { template, values } from "./sampleSshConfig.ts";
import { fillSshConfig, type SshConfigValues } from "./sshConfig.ts";

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
  const door = readFileSync(join(import.meta.dirname, "../signer-forwarder/internal/admission/socket.go"), "utf8");
  const ends = [/^\s*ServerAliveInterval (\d+)$/m.exec(template), /KeepAliveConfig\{.*Idle: (\d+) \*/.exec(door)].map(
    (found) => Number(found?.[1]),
  );
  // Google's external passthrough load balancer keeps an idle connection for 60 s (the default of idleTimeoutSec in the
  // connectionTrackingPolicy of its API's backend services). The firewalls of its networks keep one for 10 minutes.
  for (const seconds of ends) assert.ok(seconds > 0 && seconds <= 20, ends.join());
});
