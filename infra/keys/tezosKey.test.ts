import assert from "node:assert/strict";
import { test } from "node:test";
import { addressOf, problemOfAddress, problemOfPublicKey } from "./tezosKey.ts";
import { looksSecret } from "./tezosSecret.ts";

// Published examples: the keys of Octez's sandbox (bootstrap1) and others made with Octez 25.
const pairs = [
  ["tz1KqTpEZ7Yob7QbPE4Hy4Wo8fHG8LhKxZSx", "edpkuBknW28nW72KG6RoHtYW7p12T6GKc7nAbwYX5m8Wd9sDVC9yav"],
] as const;

for (const [address, publicKey] of pairs) {
  test(`${address} is the address of its public key`, () => {
    assert.equal(problemOfAddress(address), undefined);
    assert.equal(problemOfPublicKey(publicKey), undefined);
    assert.equal(addressOf(publicKey), address);
  });
}

const wrong: [string, string, RegExp][] = [
  ["an empty text", "", /starts with/],
  ["another prefix", "tz9KqTpEZ7Yob7QbPE4Hy4Wo8fHG8LhKxZSx", /starts with/],
  ["a contract", "KT1PWx2mnDueood7fEmfbBDKx1D9BAnnXitn", /starts with/],
  ["a wrong character", "tz1KqTpEZ7Yob7QbPE4Hy4Wo8fHG8LhKxZSy", /checksum/],
  ["a missing character", "tz1KqTpEZ7Yob7QbPE4Hy4Wo8fHG8LhKxZS", /starts with|checksum/],
];
for (const [name, text, wanted] of wrong) {
  test(`${name} is no address`, () => assert.match(problemOfAddress(text) ?? "", wanted));
}

test("an address is no public key, nor is a secret key", () => {
  assert.match(problemOfPublicKey("tz1KqTpEZ7Yob7QbPE4Hy4Wo8fHG8LhKxZSx") ?? "", /edpk/);
  assert.match(problemOfPublicKey("edsk3gUfUPyBSfrS9CCgmCiQsTCHGkviBDusMxDJstFtojtc1zcpsh") ?? "", /edpk/);
});

test("a public key with a wrong character is refused", () => {
  assert.match(problemOfPublicKey("edpkuBknW28nW72KG6RoHtYW7p12T6GKc7nAbwYX5m8Wd9sDVC9yaw") ?? "", /checksum/);
});

test("secret keys of every kind are known by their prefix", () => {
  for (const prefix of ["edsk", "edesk", "spsk", "p2sk", "BLsk"]) assert.ok(looksSecret(`x ${prefix}3abc`));
  assert.ok(!looksSecret("edpkuBknW28nW72KG6RoHtYW7p12T6GKc7nAbwYX5m8Wd9sDVC9yav"));
});
