import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { makeEncryptionSalt, openPassphrase } from "./passphrase.ts";
import { project } from "./project.ts";
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

test("a key without a prefix is the project's own, as for the CLI, and others' keys stay theirs", () => {
  writeFileSync(
    path,
    `base: &base {remote-signer-cloud:config:images: {}}
config:
  <<: *base
  bakers: [1]
  cluster: {kind: gke, hours: 010}
  signers:
  gcp:project: my-project
  remote-signer-clud:bakers: []
  a:b:c: 1
`,
  );
  assert.deepEqual(open(), {
    values: {
      "remote-signer-cloud:images": "{}",
      "remote-signer-cloud:bakers": "[1]",
      "remote-signer-cloud:cluster": '{"kind":"gke","hours":8}',
      "remote-signer-cloud:signers": "",
      "gcp:project": "my-project",
      "remote-signer-clud:bakers": "[]",
      "a:b:c": "1",
    },
    secretKeys: [],
  });
});

for (const text of ["", "# only\n", "---\n", "config:\n", "encryptionsalt: v1:x\n"]) {
  test(`a file with nothing in it is a config without keys: ${JSON.stringify(text)}`, () => {
    writeFileSync(path, text);
    assert.deepEqual(open(), { values: {}, secretKeys: [] });
  });
}

test("the passphrase is read from a file as well", () => {
  delete process.env.PULUMI_CONFIG_PASSPHRASE;
  process.env.PULUMI_CONFIG_PASSPHRASE_FILE = join(folder, "passphrase");
  writeFileSync(join(folder, "passphrase"), `${passphrase}\n`);
  assert.equal(open().values["vec:word"], "the secret word");
});

test("a salt that we make opens with its passphrase and no other", () => {
  const salt = makeEncryptionSalt("one");
  const one = openPassphrase("one", salt);
  assert.equal(one.decrypt(one.encrypt("a\nb")), "a\nb");
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
  test("a file that holds no config", () => refused("- a\n- b\n", /Pulumi\.test\.yaml: found no mapping/));
  test("a config that is none", () => refused("config: [a]\n", /Pulumi\.test\.yaml: config: found a list/));
  test("a file that is no YAML", () => refused("config: }\n", /Pulumi\.test\.yaml: line 1, column 9: found no YAML/));
  for (const key of ["bakers", `${project}:bakers`, `${project}:bakerz`])
    test(`the key ${key} beside config`, () => refused(`config: {}\n${key}: []\n`, /beside config, wanted it below/));
  for (const key of [`${project}:bakers`, `${project}:config:bakers`]) {
    const message = /config: found one key in 2 spellings .*wanted one of them/;
    test(`bakers and ${key}`, () => refused(`config:\n  bakers: []\n  ${key}: []\n`, message));
    test(`${key} and bakers`, () => refused(`config:\n  ${key}: []\n  bakers: []\n`, message));
  }
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
