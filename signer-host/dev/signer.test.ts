import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

const folder = mkdtempSync(join(tmpdir(), "signer-"));
after(() => rmSync(folder, { recursive: true }));
const outputs = join(folder, "outputs.json");
writeFileSync(
  outputs,
  JSON.stringify({
    signerEndpoints: [{ host: "127.0.0.1", port: 1, user: "signer" }],
    knownHosts: "[127.0.0.1]:1 ssh-ed25519 AAAA\n",
    signers: { home: { port: 8443, sshPort: 9443 }, office: { port: 8453, sshPort: 9453 } },
  }),
);

function run(...args: string[]) {
  return spawnSync(process.execPath, [join(import.meta.dirname, "signer.ts"), ...args], { encoding: "utf8" });
}

test("--help tells every option on stdout", () => {
  const { status, stdout, stderr } = run("--help");
  assert.deepEqual([status, stderr], [0, ""]);
  for (const option of [
    "--stack",
    "--outputs",
    "--keys",
    "--device-ms",
    "--require-authentication",
    "--daemon-port",
    "--ssh-port",
  ]) {
    assert.match(stdout, new RegExp(option));
  }
});

const failures: [string, string[], number, RegExp][] = [
  ["no name", ["--outputs", outputs], 2, /found 0 names, wanted one signer's NAME/],
  ["two names", ["home", "office", "--outputs", outputs], 2, /found 2 names/],
  ["an unknown signer", ["attic", "--outputs", outputs], 2, /found "attic", wanted one of .*: home, office/],
  ["a name that every object has", ["toString", "--outputs", outputs], 2, /found "toString"/],
  ["an unknown option", ["home", "--stak", "dev"], 2, /--stak/],
  ["a stack that is a path", ["home", "--stack", "../up"], 2, /--stack: found "\.\.\/up"/],
  ["a port that is none", ["home", "--ssh-port", "22x"], 2, /--ssh-port: found "22x"/],
  ["a time that is none", ["home", "--device-ms", "0.67"], 2, /--device-ms: found "0\.67", wanted milliseconds/],
  [
    "authentication without a key that is authorized",
    ["home", "--require-authentication", "--outputs", outputs],
    2,
    /--require-authentication: found no key in signers\.home\.authorizedKeys .*authenticationSeed/,
  ],
  ["outputs that are not there", ["home", "--outputs", join(folder, "none")], 1, /ENOENT.*none/],
];
for (const [what, args, code, message] of failures) {
  test(`ends with ${code} for ${what}`, () => {
    const { status, stdout, stderr } = run(...args);
    assert.deepEqual([status, stdout], [code, ""]);
    assert.match(stderr, message);
    assert.match(stderr, /^signer: /);
  });
}
