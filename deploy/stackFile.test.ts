import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { makeEncryptionSalt, openPassphrase } from "./passphrase.ts";
import { openStackFile, passphraseVariables, readStackFile } from "./stackFile.ts";

// Written by the pulumi CLI 3.259.0 with `pulumi config set --secret`.
const passphrase = "a test's passphrase";
const written = `encryptionsalt: v1:SYoCneQ5PvM=:v1:CCc4dpqk2uPiMy3+:o/qFnWZVu77DjBNcIs3I5HB2RCJ/IA==
config:
  vec:word:
    secure: v1:J0SoWtEgQulOyw3Y:SA8WIy5Bu0nfXpq2ftSTuRaWUHLHVdpMeDRzSnYdig==
  vec:list:
    - key:
        secure: v1:MzUz2ENc9abmHV0V:zHfCUAn+yIUvwA2COi3KhY3d8eqF6Q==
      port: 8443
  vec:flag: "true"
`;

const folder = mkdtempSync(join(tmpdir(), "stack-file-"));
const path = join(folder, "Pulumi.test.yaml");
const before = { ...process.env };

beforeEach(() => {
  writeFileSync(path, written);
  delete process.env.PULUMI_CONFIG_PASSPHRASE_FILE;
  process.env.PULUMI_CONFIG_PASSPHRASE = passphrase;
});
afterEach(() => {
  process.env = { ...before };
});
process.on("exit", () => rmSync(folder, { recursive: true }));

const open = (stack = "test") => openStackFile(readStackFile(path), stack, path);

test("what the CLI wrote is opened as the CLI opens it, secrets inside of lists as well", () => {
  assert.deepEqual(open(), {
    values: { "vec:word": "the secret word", "vec:list": '[{"key":"nested","port":8443}]', "vec:flag": "true" },
    secretKeys: ["vec:word", "vec:list"],
  });
});

test("the passphrase is read from a file as well", () => {
  delete process.env.PULUMI_CONFIG_PASSPHRASE;
  process.env.PULUMI_CONFIG_PASSPHRASE_FILE = join(folder, "passphrase");
  writeFileSync(join(folder, "passphrase"), `${passphrase}\n`);
  assert.equal(open().values["vec:word"], "the secret word");
});

test("a salt that we make opens with its passphrase and no other", () => {
  const salt = makeEncryptionSalt("one");
  assert.equal(openPassphrase("one", salt).decrypt(openPassphrase("one", salt).encrypt("a\nb")), "a\nb");
  assert.throws(() => openPassphrase("two", salt), /does not open this stack's secrets/);
});

test("the dev stack alone has a passphrase of its own, and only where none is given", () => {
  assert.deepEqual(passphraseVariables("dev", {}), { PULUMI_CONFIG_PASSPHRASE: "remote-signer-cloud-dev" });
  assert.deepEqual(passphraseVariables("dev", { PULUMI_CONFIG_PASSPHRASE: "" }), {});
  assert.deepEqual(passphraseVariables("prod", {}), {});
});

describe("it says what is missing or wrong, and where", () => {
  const refused = (text: string | undefined, message: RegExp) => {
    if (text !== undefined) writeFileSync(path, text);
    assert.throws(open, (error: Error) => {
      assert.match(error.message, message);
      assert.ok(!error.message.includes("the secret word"));
      return true;
    });
  };
  test("no file", () => {
    rmSync(path);
    refused(undefined, /found no such file/);
  });
  test("a file that holds no config", () => refused("- a\n- b\n", /found no mapping/));
  test("a wrong passphrase", () => {
    process.env.PULUMI_CONFIG_PASSPHRASE = "wrong";
    refused(undefined, /found one that does not open/);
  });
  test("no passphrase", () => {
    delete process.env.PULUMI_CONFIG_PASSPHRASE;
    refused(undefined, /found neither PULUMI_CONFIG_PASSPHRASE nor/);
  });
  test("a passphrase file that is not there", () => {
    delete process.env.PULUMI_CONFIG_PASSPHRASE;
    process.env.PULUMI_CONFIG_PASSPHRASE_FILE = join(folder, "none");
    refused(undefined, /found no file .*none/);
  });
  test("a damaged value", () => refused(written.replace("SA8WIy5", "SA8WIy6"), /vec:word: found a secure value/));
  test("secrets of another provider", () => {
    refused(written.replace(/^encryptionsalt.*/, "secretsprovider: gcpkms://x"), /kept by gcpkms:\/\/x/);
  });
  test("a damaged salt", () => refused(written.replace("v1:SYo", "v7:SYo"), /encryptionsalt/));
});
