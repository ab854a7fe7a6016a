import assert from "node:assert/strict";
import { test } from "node:test";
import { knownHostsOf } from "./knownHosts.ts";

const [now, next] = [{ line: "ssh-ed25519 AAAAnow" }, { line: "ssh-rsa AAAAnext" }];

for (const [what, host, keys, lines] of [
  ["a name", "signers.example.org", [now], "signers.example.org ssh-ed25519 AAAAnow\n"],
  ["an IPv6 address, without brackets", "2001:db8::7", [now], "2001:db8::7 ssh-ed25519 AAAAnow\n"],
  ["two keys", "198.51.100.7", [now, next], "198.51.100.7 ssh-ed25519 AAAAnow\n198.51.100.7 ssh-rsa AAAAnext\n"],
] as const) {
  test(`known_hosts has a line for each host key, under the host alone: ${what}`, () => {
    assert.equal(knownHostsOf(host, keys), lines);
  });
}
