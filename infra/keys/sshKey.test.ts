import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { parseHostKey, parsePublicKey, SshKeyError } from "./sshKey.ts";
import { integerFrom, wire } from "./sshWire.ts";

/** The two files of a development key, as ssh-keygen wrote them. */
function read(path: string) {
  const file = join(import.meta.dirname, "../../signer-host/dev/keys", path);
  return { privateKey: readFileSync(file, "utf8"), publicKey: readFileSync(`${file}.pub`, "utf8") };
}
const good = read("home/ssh_ed25519");
const other = read("office/ssh_ecdsa");

/** An RSA key in PEM, with a passphrase if one is given, and its public half as ssh writes it. */
function rsa(modulusLength: number, passphrase?: string) {
  const pair = generateKeyPairSync("rsa", { modulusLength });
  const sealed = passphrase === undefined ? {} : { cipher: "aes-128-cbc", passphrase };
  const jwk = pair.publicKey.export({ format: "jwk" });
  const [e, n] = [jwk.e, jwk.n].map((part) => integerFrom(Buffer.from(String(part), "base64url")));
  return {
    privateKey: String(pair.privateKey.export({ type: "pkcs1", format: "pem", ...sealed })),
    publicKey: `ssh-rsa ${wire("ssh-rsa", e as bigint, n as bigint).toString("base64")} a comment of mine\n`,
  };
}
const small = rsa(1024);
const encryptedPem = rsa(2048, "secret").privateKey;
/** Made with `ssh-keygen -t ed25519 -N secret`. It grants access to nothing. */
const encrypted = `-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHIAAAAGYmNyeXB0AAAAGAAAABD9vEgsLG
pHocrKD7IH6KTvAAAAEAAAAAEAAAAzAAAAC3NzaC1lZDI1NTE5AAAAIAycKTNMrDOX8Ias
smDNvT1gYLwtz0+F+PlWUUHy8MzwAAAAoHp0JwvPSK72uuE31thNuHmxWWzPJDiuopvTR7
EJS87T63gOTNm6MveXERc3qZ4nB3fqtpr+UfVbM/YfQ8AI/DV2zdUfJsjlZ/KvQ1ANlR+/
FZegyLD7OJjKA1lPdzEkexmMivMHmSQ+PhC9vFbiyalgVtXX9YnXIg0LALFMq72rvZwlD5
wRzlzQUae03CJ4K96ZvoowsF5rZ0HmBzMn8LA=
-----END OPENSSH PRIVATE KEY-----
`;

describe("refusals", () => {
  const wireOf = (text: string) => text.split(" ")[1] as string;
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
    ["a key cut at a whole byte", () => `ssh-ed25519 ${wireOf(good.publicKey).slice(0, 40)}`, /cut off/],
    ["bytes behind the key", () => `ssh-ed25519 ${wireOf(good.publicKey)}AAAA`, /cut off or damaged/],
    ["a key of another type than it says", () => `ssh-rsa ${wireOf(good.publicKey)}`, /cut off or damaged/],
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
      () => good.privateKey.replace(/[^-]{8}\n-----END/, "\n-----END"),
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
