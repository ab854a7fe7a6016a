import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { parseHostKey, parsePublicKey, SshKeyError } from "./sshKey.ts";

const folder = mkdtempSync(join(tmpdir(), "ssh-key-"));
after(() => rmSync(folder, { recursive: true }));

/** Makes a key with ssh-keygen and gives both halves as it writes them. */
function make(name: string, ...options: string[]) {
  const file = join(folder, name);
  execFileSync("ssh-keygen", ["-q", "-f", file, "-C", "a comment of mine", "-N", "", ...options]);
  return { file, privateKey: readFileSync(file, "utf8"), publicKey: readFileSync(`${file}.pub`, "utf8") };
}

const kinds = [
  { name: "ed25519", options: ["-t", "ed25519"], type: "ssh-ed25519", fileName: "ssh_host_ed25519_key" },
  { name: "ecdsa256", options: ["-t", "ecdsa"], type: "ecdsa-sha2-nistp256", fileName: "ssh_host_ecdsa_key" },
  {
    name: "ecdsa384",
    options: ["-t", "ecdsa", "-b", "384"],
    type: "ecdsa-sha2-nistp384",
    fileName: "ssh_host_ecdsa_key",
  },
  {
    name: "ecdsa521",
    options: ["-t", "ecdsa", "-b", "521"],
    type: "ecdsa-sha2-nistp521",
    fileName: "ssh_host_ecdsa_key",
  },
  { name: "rsa", options: ["-t", "rsa", "-b", "2048"], type: "ssh-rsa", fileName: "ssh_host_rsa_key" },
  {
    name: "ecdsa-pem",
    options: ["-t", "ecdsa", "-m", "PEM"],
    type: "ecdsa-sha2-nistp256",
    fileName: "ssh_host_ecdsa_key",
  },
  { name: "rsa-pem", options: ["-t", "rsa", "-b", "3072", "-m", "PEM"], type: "ssh-rsa", fileName: "ssh_host_rsa_key" },
  {
    name: "rsa-pkcs8",
    options: ["-t", "rsa", "-b", "2048", "-m", "PKCS8"],
    type: "ssh-rsa",
    fileName: "ssh_host_rsa_key",
  },
];

for (const { name, options, type, fileName } of kinds) {
  test(`a key of ssh-keygen ${options.join(" ")} is read as ssh-keygen reads it`, () => {
    const { file, privateKey, publicKey } = make(name, ...options);
    const fingerprint = execFileSync("ssh-keygen", ["-l", "-f", file], { encoding: "utf8" }).split(" ")[1];
    const line = publicKey.split(" ").slice(0, 2).join(" ");
    assert.deepEqual(parsePublicKey(publicKey), { type, line, fingerprint });
    const hostKey = { type, line, fingerprint, fileName, pem: privateKey };
    assert.deepEqual(parseHostKey(privateKey), hostKey);
    assert.deepEqual(parseHostKey(privateKey.trim().replaceAll("\n", "\r\n")), hostKey);
  });
}

describe("refusals", () => {
  let good: ReturnType<typeof make>;
  let other: ReturnType<typeof make>;
  let encrypted: string;
  let encryptedPem: string;
  let small: ReturnType<typeof make>;
  before(() => {
    good = make("good", "-t", "ed25519");
    other = make("other", "-t", "ed25519");
    encrypted = make("encrypted", "-t", "ed25519", "-N", "secret").privateKey;
    encryptedPem = make("encrypted-pem", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "secret").privateKey;
    small = make("small", "-t", "rsa", "-b", "1024");
  });

  const wire = (text: string) => text.split(" ")[1] as string;
  const publicCases: [string, () => string, RegExp][] = [
    ["nothing", () => " \n", /empty/],
    ["a private key", () => good.privateKey, /a private key/],
    ["two lines", () => good.publicKey + other.publicKey, /more than one line/],
    ["a newline inside", () => good.publicKey.replace(" ", "\n"), /more than one line/],
    ["two keys on a line", () => `${good.publicKey.trim()} ${other.publicKey}`, /two keys/],
    ["options in front", () => `no-pty,command="x y" ${good.publicKey}`, /in front of the key/],
    ["a word without a key", () => "hello world", /no key type/],
    ["a DSA key", () => "ssh-dss AAAAB3NzaC1kc3M=", /no key type/],
    ["a certificate", () => "ssh-ed25519-cert-v01@openssh.com AAAA", /a certificate/],
    ["a type without a key", () => "ssh-ed25519", /not whole base64/],
    ["a cut off key", () => good.publicKey.slice(0, 60), /not whole base64|cut off/],
    ["a key cut at a whole byte", () => `ssh-ed25519 ${wire(good.publicKey).slice(0, 40)}`, /cut off/],
    ["bytes behind the key", () => `ssh-ed25519 ${wire(good.publicKey)}AAAA`, /cut off or damaged/],
    ["a key of another type than it says", () => `ssh-rsa ${wire(good.publicKey)}`, /cut off or damaged/],
    ["an RSA key that is too small", () => small.publicKey, /RSA key of 1024 bits/],
    ["a control character", () => `${good.publicKey.trim()} \u001b[0m`, /printable/],
  ];
  for (const [name, text, found] of publicCases) {
    test(`${name} is no public key`, () => refused(() => parsePublicKey(text()), found));
  }

  const hostCases: [string, () => string, RegExp][] = [
    ["nothing", () => "", /empty/],
    ["a public key", () => good.publicKey, /a public key/],
    ["some text", () => "hello", /no private key/],
    ["an encrypted key", () => encrypted, /encrypted/],
    ["an encrypted PEM key", () => encryptedPem, /encrypted/],
    ["a key without its end line", () => good.privateKey.replace(/-----END.*/, ""), /cut off/],
    ["a key that lost a line", () => good.privateKey.split("\n").toSpliced(2, 1).join("\n"), /cut off or damaged/],
    [
      "a key that lost its last characters",
      () => good.privateKey.replace(/.{8}\n-----END/, "\n-----END"),
      /cut off or damaged/,
    ],
    ["two keys", () => good.privateKey + other.privateKey, /cut off or damaged|not alone/],
    ["a small RSA key", () => small.privateKey, /RSA key of 1024 bits/],
  ];
  for (const [name, text, found] of hostCases) {
    test(`${name} is no host key`, () => refused(() => parseHostKey(text()), found));
  }

  function refused(parse: () => unknown, found: RegExp) {
    assert.throws(parse, (error) => {
      assert.ok(error instanceof SshKeyError);
      assert.match(error.found, found);
      for (const line of good.privateKey.split("\n").slice(1, -2))
        assert.ok(!error.message.includes(line.slice(0, 20)));
      return true;
    });
  }
});
