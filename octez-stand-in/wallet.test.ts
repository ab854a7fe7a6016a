import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readLocalKeys, readWallet } from "./wallet.ts";
import { Watermarks } from "./watermarks.ts";

const address = "tz1VSUr8wwNhLAzempoch5d6hLRiTh8Cjcjb";
const locator = `http://signer-home.dev:8443/${address}`;
const good: Readonly<Record<string, unknown>> = {
  public_key_hashs: [{ name: "home", value: address }],
  public_keys: [{ name: "home", value: { locator, key: "edpkvGfYw3LyB1UcCahKQk4rF2tvbMUk8GFiTuMjL75uGXrpvKXhjn" } }],
  secret_keys: [{ name: "home", value: locator }],
};

function baseDirWith(files: Readonly<Record<string, unknown>>, t: { after(fn: () => void): void }): string {
  const dir = mkdtempSync(join(tmpdir(), "wallet-"));
  t.after(() => rmSync(dir, { recursive: true }));
  for (const [name, content] of Object.entries({ ...good, ...files }))
    writeFileSync(join(dir, name), typeof content === "string" ? content : JSON.stringify(content));
  return dir;
}

test("a wallet gives address, public key and signer of each key", (t) => {
  const dir = baseDirWith({}, t);
  const key = {
    alias: "home",
    address,
    publicKey: "edpkvGfYw3LyB1UcCahKQk4rF2tvbMUk8GFiTuMjL75uGXrpvKXhjn",
    signerUrl: "http://signer-home.dev:8443",
  };
  assert.deepEqual(readWallet(dir, ["home"]), [key]);
  assert.deepEqual(readWallet(dir, []), [key]);
});

test("a wallet's local keys are those with their secret half in it", (t) => {
  const secretKeys = [
    { name: "home", value: locator },
    { name: "authentication", value: "unencrypted:edsk1" },
  ];
  const hashes = [
    { name: "home", value: address },
    { name: "authentication", value: "tz1local" },
  ];
  const dir = baseDirWith({ secret_keys: secretKeys, public_key_hashs: hashes }, t);
  assert.deepEqual(readLocalKeys(dir), [{ alias: "authentication", address: "tz1local", secretKey: "edsk1" }]);
  assert.deepEqual(readLocalKeys(baseDirWith({}, t)), []);
});

const refused: Readonly<Record<string, [files: Readonly<Record<string, unknown>>, message: RegExp]>> = {
  "a file that is not JSON": [{ secret_keys: "[{" }, /could not read the secret_key alias file/],
  "a file that is no list": [{ public_keys: {} }, /did not understand the public_key alias file/],
  "an entry without a value": [{ public_key_hashs: [{ name: "home" }] }, /did not understand the public_key_hash/],
  "an unknown alias": [{ public_key_hashs: [] }, /no public key hash alias named home/],
  "a missing secret key": [{ secret_keys: [] }, /Unknown secret key for tz1/],
  "a missing public key": [{ public_keys: [] }, /Unknown public key for tz1/],
  "a public key that must be asked for": [{ public_keys: [{ name: "home", value: locator }] }, /not in the wallet/],
  "another scheme": [{ secret_keys: [{ name: "home", value: "unencrypted:edsk" }] }, /scheme unencrypted/],
  "a locator of another key": [{ secret_keys: [{ name: "home", value: "http://s:1/tz1other" }] }, /not one of tz1/],
};
for (const [what, [files, message]] of Object.entries(refused)) {
  test(`a wallet is refused with ${what}`, (t) => {
    assert.throws(() => readWallet(baseDirWith(files, t), ["home"]), { message });
  });
}

test("nothing is signed twice, not even after a restart", (t) => {
  const dir = baseDirWith({}, t);
  const first = new Watermarks(dir, "NetXdQprcVkpaWU");
  assert.ok(first.record("block", address, 12, 0));
  assert.ok(!first.record("block", address, 12, 0));
  const second = new Watermarks(dir, "NetXdQprcVkpaWU");
  assert.deepEqual(
    [
      second.record("block", address, 11, 5),
      second.record("block", address, 12, 0),
      second.record("block", address, 12, 1),
      second.record("attestation", address, 12, 0),
      second.record("block", "tz1other", 12, 0),
      new Watermarks(dir, "NetXnHfVqm9iesp").record("block", address, 12, 0),
    ],
    [false, false, true, true, true, true],
  );
});

test("a watermark file that is damaged stops the baker", (t) => {
  const dir = baseDirWith({ NetXdQprcVkpa_highwatermarks: '{"blocks":[{}]}' }, t);
  assert.throws(() => new Watermarks(dir, "NetXdQprcVkpaWU"), { message: /did not understand the highwatermark/ });
});
