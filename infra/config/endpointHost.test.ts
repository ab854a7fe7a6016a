import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { problemOfHost, sshSpelling } from "./endpointHost.ts";
import { spellings } from "./hostSpellings.ts";

const longest = `${Array(3).fill("a".repeat(63)).join(".")}.${"b".repeat(61)}`;

for (const host of [
  "198.51.100.7",
  "0.0.0.255",
  "::1",
  "2001:DB8::1",
  "0:0:0:0:0:0:0:1",
  "::ffff:198.51.100.7",
  "a",
  "Signers.Example.ORG",
  "3.example.org",
  "7-eleven.example",
  "xn--bcher-kva.example",
  "198.51.100.7.example",
  "1e3.e1",
  longest,
]) {
  test(`a signer can dial ${host.slice(0, 40)}`, () => assert.equal(problemOfHost(host), undefined));
}

describe("what is no host is refused in words that say why", () => {
  const cases: [string, RegExp][] = [
    ["198.51.100.7:30022", /without a port/],
    ["signers.example.org:22", /without a port/],
    ["signers.example.org:", /without a port/],
    ["[2001:db8::1]:22", /without a port/],
    ["[2001:db8::1]", /without brackets/],
    ["[198.51.100.7]", /without brackets/],
    ["198.51.100.777", /four numbers/],
    ["198.51.100", /four numbers/],
    ["198.51.100.07", /without leading zeros/],
    ["198.51.100.7.9", /four numbers/],
    ["2130706433", /four numbers/],
    ["127.1", /four numbers/],
    ["0x7f.1", /four numbers/],
    ["0x7f000001", /four numbers/],
    ["signers.example.0x", /four numbers/],
    ["signers.example.123", /last label is no number/],
    ["00:1a:2b:3c:4d:5e", /network card/],
    ["00:1A:2B:3C:4D:5E", /network card/],
    ["2001:db8::1::2", /no IPv6/],
    ["2001:db8:::1", /no IPv6/],
    ["1:2:3:4:5:6:7", /no IPv6/],
    ["1:2:3:4:5:6:7:8:9", /no IPv6/],
    ["2001:db8::g", /no IPv6/],
    ["::ffff:198.51.100.777", /no IPv6/],
    ["fe80::1%eth0", /zone id/],
    ["fe80::1%25eth0", /zone id/],
    ["198.51.100.7%eth0", /zone id/],
    ["signers..example.org", /dot too many/],
    [".example.org", /dot too many/],
    [".", /dot too many/],
    ["signers.example.org.", /dot at its end/],
    ["198.51.100.7.", /dot at its end/],
    ["-signers.example.org", /inner hyphens/],
    ["signers-.example.org", /inner hyphens/],
    ["my_signers.example.org", /inner hyphens/],
    ["*.example.org", /inner hyphens/],
    [`${"a".repeat(64)}.example`, /63 characters/],
    [`${longest}b`, /253 characters/],
    ["bücher.example", /ASCII/],
    ["signers.example.org/x", /a path/],
    ["signer@example.org", /a user/],
    ["signers example.org", /a space/],
    [" signers.example.org", /a space/],
    ["signers.example.org\n", /a space/],
    ["ssh://signers.example.org", /a protocol/],
    ["198.51.100.0/24", /a path/],
    ["", /dot too many|empty/],
  ];
  for (const [host, wanted] of cases) {
    test(JSON.stringify(host).slice(0, 50), () => assert.match(problemOfHost(host) ?? "nothing", wanted));
  }
});

for (const [host, spelling] of spellings) {
  test(`known_hosts has ${host} as ${spelling}`, () => {
    assert.equal(sshSpelling(host), spelling);
    assert.equal(sshSpelling(spelling), spelling);
  });
}
