import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { bls12_381 } from "@noble/curves/bls12-381";
import { b58DecodeAndCheckPrefix, b58Encode, PrefixV2, verifySignature } from "@taquito/utils";
import { parseHostKey, parsePublicKey } from "../../infra/keys/sshKey.ts";
import { findSshKey, readTezosKeys } from "./keys.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "keys-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

for (const [name, prefix] of [
  ["home", "tz1"],
  ["office", "tz2"],
] as const) {
  test(`the development keys of ${name} are whole, and the README tells them`, async () => {
    const keys = join(import.meta.dirname, "keys", name);
    const [key] = (await readTezosKeys(keys)).values();
    assert.ok(key);
    assert.ok(key.address.startsWith(prefix));
    const readme = readFileSync(join(import.meta.dirname, "keys/README.md"), "utf8");
    assert.match(readme, new RegExp(`\\| ${name} \\| \\d+ \\| ${key.address} \\| ${key.publicKey} \\|`));

    const sshKey = findSshKey(keys);
    const publicKey = parsePublicKey(readFileSync(`${sshKey}.pub`, "utf8"));
    assert.equal(parseHostKey(readFileSync(sshKey, "utf8")).line, publicKey.line);
  });
}

test("a BLS key signs in version 1 its public key as well, and in later ones as Taquito does", async () => {
  const pi = b58Encode(Buffer.alloc(32, 7), PrefixV2.BLS12_381SecretKey);
  writeFileSync(join(folder, "tezos.json"), JSON.stringify({ pi }));
  const [key] = (await readTezosKeys(folder)).values();
  assert.ok(key);
  const bytes = Buffer.from("13abcd", "hex");
  for (const version of [undefined, 2, 3])
    assert.ok(verifySignature(bytes, key.publicKey, await key.sign(bytes, version)), `${version}`);
  const [publicKey] = b58DecodeAndCheckPrefix(key.publicKey);
  const [signature] = b58DecodeAndCheckPrefix(await key.sign(bytes, 1));
  const augmented = bls12_381.longSignatures.hash(
    Buffer.concat([publicKey, bytes]),
    "BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_AUG_",
  );
  assert.ok(bls12_381.longSignatures.verify(signature, augmented, publicKey));
});

const secret = "edsk3gUfUPyBSfrS9CCgmCiQsTCHGkviBDusMxDJstFtojtc1zcpsh";
const refused: [string, string, RegExp][] = [
  ["is not JSON", secret, /tezos\.json: wanted a JSON object/],
  ["has no key", "{}", /wanted a JSON object of at least one/],
  ["is a list", `["${secret}"]`, /tezos\.json: /],
  ["has a key with a wrong checksum", `{"a": "${secret.slice(0, -1)}g"}`, /tezos\.json: a: wanted an unencrypted/],
  ["has a public key", '{"a": "edpku9tks4rKmTtjjcwTmMKYH18MamZgMxryTCQvFSDwEpMvXBoB9J"}', /a: wanted an unencrypted/],
];
for (const [what, content, message] of refused) {
  test(`refuses a tezos.json that ${what}, without showing it`, async () => {
    writeFileSync(join(folder, "tezos.json"), content);
    await assert.rejects(readTezosKeys(folder), (error: Error) => {
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /edsk3gU|edpku9/);
      return true;
    });
  });
}

test("refuses a folder with no ssh key or with two", () => {
  writeFileSync(join(folder, "ssh_ed25519.pub"), "");
  assert.throws(() => findSshKey(folder), /found no ssh key, wanted one/);
  writeFileSync(join(folder, "ssh_ed25519"), "");
  assert.equal(findSshKey(folder), join(folder, "ssh_ed25519"));
  writeFileSync(join(folder, "ssh_rsa"), "");
  assert.throws(() => findSshKey(folder), /found ssh_ed25519, ssh_rsa, wanted one/);
});
