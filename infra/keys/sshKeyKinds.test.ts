import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { describe, test } from "node:test";
import { problemsAcross } from "../config/configRules.ts";
import { parseHostKey, parsePublicKey, SshKeyError } from "./sshKey.ts";
import { integerFrom, uint32, wire } from "./sshWire.ts";

// Texts that are rejected as keys, and the errors for them. The keys are made here, without ssh's programs.

type Fields = (string | Buffer | bigint)[];

const pem = (label: string, body: Buffer) =>
  `-----BEGIN ${label}-----\n${body.toString("base64")}\n-----END ${label}-----\n`;
const exported = (key: KeyObject, type: "pkcs1" | "sec1" | "pkcs8") => String(key.export({ type, format: "pem" }));
const bytes = (key: KeyObject, part: "n" | "e" | "d" | "p" | "q" | "qi" | "x" | "y") =>
  Buffer.from(key.export({ format: "jwk" })[part] as string, "base64url");
const number = (key: KeyObject, part: "n" | "e" | "d" | "p" | "q" | "qi") => integerFrom(bytes(key, part));

/** A file in OpenSSH's own format. */
function opensshFile(type: string, blob: Buffer, fields: Fields, cipher = "none", count = 1): string {
  const section = Buffer.concat([uint32(7), uint32(7), wire(type, ...fields, "name")]);
  const padding = Buffer.from([1, 2, 3, 4, 5, 6, 7].slice(0, (8 - (section.length % 8)) % 8));
  const outer = [wire(cipher, "none", ""), uint32(count), wire(blob, Buffer.concat([section, padding]))];
  return pem("OPENSSH PRIVATE KEY", Buffer.concat([Buffer.from("openssh-key-v1\0"), ...outer]));
}

const ed25519 = generateKeyPairSync("ed25519").privateKey;
const other = generateKeyPairSync("ed25519").privateKey;
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
const otherRsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;

const ed25519Blob = wire("ssh-ed25519", bytes(ed25519, "x"));
const ed25519File = (seed: Buffer, publicHalf: Buffer, blob = ed25519Blob) =>
  opensshFile("ssh-ed25519", blob, [publicHalf, Buffer.concat([seed, publicHalf])]);
const rsaFile = (parts: Record<string, bigint> = {}) => {
  const { n, e, d, qi, p, q } = Object.fromEntries(
    (["n", "e", "d", "qi", "p", "q"] as const).map((part) => [part, parts[part] ?? number(rsa, part)]),
  ) as Record<string, bigint>;
  return opensshFile("ssh-rsa", wire("ssh-rsa", e as bigint, n as bigint), [n, e, d, qi, p, q] as bigint[]);
};
const point = Buffer.concat([Buffer.from([4]), bytes(ec, "x"), bytes(ec, "y")]);
const ecFile = (d: bigint, at = point) =>
  opensshFile("ecdsa-sha2-nistp256", wire("ecdsa-sha2-nistp256", "nistp256", at), ["nistp256", at, d]);
const parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";

describe("a host key is taken", () => {
  const cases: [string, string, string][] = [
    ["ed25519 in OpenSSH's form", ed25519File(bytes(ed25519, "d"), bytes(ed25519, "x")), "ssh-ed25519"],
    ["ed25519 in PKCS#8, which not every ssh reads", exported(ed25519, "pkcs8"), "ssh-ed25519"],
    ["RSA in OpenSSH's form", rsaFile(), "ssh-rsa"],
    ["ECDSA in OpenSSH's form", ecFile(number(ec, "d")), "ecdsa-sha2-nistp256"],
    ["ECDSA behind the parameters of its curve", parameters + exported(ec, "sec1"), "ecdsa-sha2-nistp256"],
  ];
  for (const label of ["RSA PRIVATE KEY", "EC PRIVATE KEY"]) {
    for (const [key, form, type] of [
      [ed25519, "pkcs8", "ssh-ed25519"],
      [rsa, "pkcs1", "ssh-rsa"],
      [rsa, "pkcs8", "ssh-rsa"],
      [ec, "sec1", "ecdsa-sha2-nistp256"],
      [ec, "pkcs8", "ecdsa-sha2-nistp256"],
    ] as const) {
      const text = exported(key, form).replaceAll(/(BEGIN|END) [A-Z ]+/g, `$1 ${label}`);
      cases.push([`${type} in ${form} under the name ${label}`, text, type]);
    }
  }
  for (const [name, text, type] of cases) {
    test(name, () => {
      const key = parseHostKey(text);
      assert.equal(key.type, type);
      assert.match(
        key.pem,
        /^-----BEGIN [A-Z ]+-----\n([A-Za-z0-9+/]{64,70}\n)+[A-Za-z0-9+/=]*\n?-----END [A-Z ]+-----\n$/,
      );
      assert.deepEqual(parseHostKey(text.replaceAll("\n", " ")), key);
      assert.deepEqual(parseHostKey(key.pem), key);
    });
  }

  test("and ed25519 always becomes OpenSSH's own form", () => {
    const fromPkcs8 = parseHostKey(exported(ed25519, "pkcs8"));
    assert.match(fromPkcs8.pem, /^-----BEGIN OPENSSH PRIVATE KEY-----\n/);
    const fromOpenSsh = parseHostKey(ed25519File(bytes(ed25519, "d"), bytes(ed25519, "x")));
    assert.equal(fromPkcs8.fingerprint, fromOpenSsh.fingerprint);
  });
});

describe("a host key is refused, with words of its own", () => {
  const whole = exported(ed25519, "pkcs8");
  const changed = (bits: bigint, at = 40n) => bits ^ (1n << at);
  const ppk = (version: number) =>
    `PuTTY-User-Key-File-${version}: ssh-ed25519\nEncryption: none\nComment: x\nPublic-Lines: 2\nAAAA\nPrivate-Lines: 1\nAAAA\n`;
  const skBlob = wire("sk-ssh-ed25519@openssh.com", bytes(ed25519, "x"), "ssh:");
  const dsa = opensshFile("ssh-dss", wire("ssh-dss", 5n, 7n, 9n, 11n), [5n, 7n, 9n, 11n, 3n]);
  const cases: [string, string, RegExp, RegExp?][] = [
    ["PuTTY's format", ppk(3), /PuTTY/, /puttygen host_key\.ppk -O private-openssh -o host_key/],
    ["PuTTY's older format, on one line", ppk(2).replaceAll("\n", " "), /PuTTY/, /puttygen/],
    ["PuTTY's format behind a newline", `\n${ppk(2)}`, /PuTTY/, /puttygen/],
    [
      "ssh.com's format",
      "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nAAAA\n---- END SSH2 ENCRYPTED PRIVATE KEY ----",
      /ssh\.com/,
      /puttygen/,
    ],
    ["DSA in PEM", pem("DSA PRIVATE KEY", Buffer.alloc(20)), /a DSA key/, /ed25519/],
    ["DSA in OpenSSH's form", dsa, /a DSA key/, /ed25519/],
    [
      "DSA in PKCS#8",
      exported(generateKeyPairSync("dsa", { modulusLength: 1024, divisorLength: 160 }).privateKey, "pkcs8"),
      /a DSA key/,
    ],
    [
      "a security key's file",
      opensshFile("sk-ssh-ed25519@openssh.com", skBlob, [bytes(ed25519, "x"), "ssh:", "\x01", "handle", ""]),
      /security key \(FIDO/,
      /ed25519, ecdsa or rsa/,
    ],
    ["the parameters of a curve alone", parameters, /parameters of a curve, and no key/],
    [
      "secp256k1",
      exported(generateKeyPairSync("ec", { namedCurve: "secp256k1" }).privateKey, "sec1"),
      /curve secp256k1/,
    ],
    ["Ed448", exported(generateKeyPairSync("ed448").privateKey, "pkcs8"), /type ed448, which ssh does not know/],
    ["X25519", exported(generateKeyPairSync("x25519").privateKey, "pkcs8"), /type x25519/],
    ["RSA-PSS", exported(generateKeyPairSync("rsa-pss", { modulusLength: 2048 }).privateKey, "pkcs8"), /type rsa-pss/],
    ["a form that ssh does not read", pem("TSS2 PRIVATE KEY", Buffer.alloc(20)), /a form that ssh does not read/],
    ["PKCS#8 with a passphrase", pem("ENCRYPTED PRIVATE KEY", Buffer.alloc(20)), /encrypted/, /ssh-keygen -p -N ''/],
    [
      "PEM with a passphrase",
      "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n",
      /encrypted/,
      /ssh-keygen -p/,
    ],
    [
      "OpenSSH's form with a passphrase",
      opensshFile("ssh-ed25519", ed25519Blob, [], "aes256-ctr"),
      /encrypted/,
      /ssh-keygen -p/,
    ],
    ["two keys in a row", whole + exported(other, "pkcs8"), /2 private keys/],
    ["two keys on one line", `${whole}${whole}`.replaceAll("\n", " "), /2 private keys/],
    ["a file that has two keys", opensshFile("ssh-ed25519", ed25519Blob, [], "none", 2), /several private keys/],
    ["text in front", `my key:\n${whole}`, /not alone/],
    ["text behind", `${whole}ssh-ed25519 AAAA name`, /not alone/],
    ["quotes around", `"${whole.trim()}"`, /not alone/],
    ["a first line with a hyphen too few", whole.replace("-----BEGIN", "----BEGIN"), /first or last line is damaged/],
    ["no last line", whole.replace(/-----END.*/, ""), /cut off/],
    ["another last line than the first", whole.replace("END PRIVATE", "END RSA PRIVATE"), /cut off|damaged/],
    ["OpenSSH's name on PKCS#8", whole.replaceAll("PRIVATE KEY", "OPENSSH PRIVATE KEY"), /damaged/],
    ["nothing between its lines", "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----", /damaged/],
    ["a letter that is not base64's", whole.replace(/\nM/, "\n*"), /damaged/],
    ["base64 without its padding", parameters + exported(ec, "sec1").replace(/=+\n/, "\n"), /damaged/],
    ["a certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", /a certificate/],
    ["a host certificate", "ssh-ed25519-cert-v01@openssh.com AAAA name", /a certificate/],
    ["PEM's public half", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", /a public key/],
    [
      "another seed than the public half's",
      ed25519File(bytes(other, "d"), bytes(ed25519, "x")),
      /do not belong together/,
    ],
    [
      "another public half outside than inside",
      ed25519File(bytes(ed25519, "d"), bytes(ed25519, "x"), wire("ssh-ed25519", bytes(other, "x"))),
      /do not belong together/,
    ],
    [
      "another public half in each place",
      opensshFile("ssh-ed25519", ed25519Blob, [
        bytes(ed25519, "x"),
        Buffer.concat([bytes(ed25519, "d"), bytes(other, "x")]),
      ]),
      /do not belong together/,
    ],
    ["RSA with a changed private exponent", rsaFile({ d: changed(number(rsa, "d")) }), /do not belong together/],
    ["RSA with a changed prime", rsaFile({ p: changed(number(rsa, "p")) }), /do not belong together/],
    ["RSA with a changed coefficient", rsaFile({ qi: changed(number(rsa, "qi")) }), /do not belong together/],
    ["RSA with another's primes", rsaFile({ p: number(otherRsa, "p"), q: number(otherRsa, "q") }), /belong together/],
    ["RSA whose prime is 1", rsaFile({ p: 1n, q: number(rsa, "n") }), /belong together/],
    ["RSA of exponent 1", rsaFile({ e: 1n, d: 1n }), /no usable RSA key has/],
    ["RSA of an even exponent", rsaFile({ e: 65536n }), /no usable RSA key has/],
    [
      "RSA of 1024 bits",
      exported(generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey, "pkcs8"),
      /1024 bits/,
    ],
    ["RSA of 16385 bits", rsaFile({ n: (1n << 16384n) | 1n }), /16385 bits/],
    ["ECDSA with a changed private number", ecFile(changed(number(ec, "d"))), /do not belong together/],
    ["ECDSA whose private number is small", ecFile(5n), /damaged/],
    ["ECDSA whose private number is too long", ecFile(1n << 256n), /damaged/],
    [
      "a point that is not on its curve",
      ecFile(number(ec, "d"), Buffer.concat([point.subarray(0, 64), Buffer.from([1])])),
      /damaged/,
    ],
    [
      "an unknown type",
      opensshFile("ssh-xmss@openssh.com", wire("ssh-xmss@openssh.com", "x"), ["x"]),
      /type ssh-xmss@/,
    ],
  ];
  for (const [name, text, found, wanted = /unencrypted private key|bits|exponent/] of cases) {
    test(name, () => refused(() => parseHostKey(text), found, wanted));
  }
});

describe("a public key", () => {
  const key = `ssh-ed25519 ${ed25519Blob.toString("base64")}`;
  const rsaLine = (blob: Buffer) => `ssh-rsa ${blob.toString("base64")}`;
  const taken: [string, string][] = [
    ["an umlaut in its comment", `${key} Büro`],
    ["a type in its comment", `${key} my ssh-ed25519 key`],
    ["a type as its comment", `${key} ssh-rsa`],
    ["tabs", `\t${key.replace(" ", "\t")}\tname\tof mine\t`],
    ["several spaces", `  ${key.replace(" ", "   ")}   name`],
    ["a carriage return at its end", `${key} name\r\n`],
    ["a byte order mark", `\ufeff${key}`],
  ];
  for (const [name, text] of taken) {
    test(`is taken with ${name}`, () => assert.equal(parsePublicKey(text).line, key));
  }

  test("is written anew where its numbers are longer than they need be, so that it is the same key", () => {
    const [e, n] = [bytes(rsa, "e"), bytes(rsa, "n")];
    const long = wire("ssh-rsa", Buffer.concat([Buffer.alloc(3), e]), Buffer.concat([Buffer.alloc(5), n]));
    const short = rsaLine(wire("ssh-rsa", integerFrom(e), integerFrom(n)));
    assert.equal(parsePublicKey(rsaLine(long)).line, short);
    assert.deepEqual(parsePublicKey(rsaLine(long)), parsePublicKey(short));
  });

  test("is one of two signers once, however it is written", () => {
    for (const text of [`${key} Büro`, `\t${key.replace(" ", "\t")}\tname\r\n`, `\ufeff${key} ssh-rsa`]) {
      const problems = problemsAcross({ signers: [{ sshPublicKey: key }, { nextSshPublicKey: text }] });
      assert.deepEqual(
        problems.filter(({ found }) => found === "the same key").map(({ path }) => path),
        ["signers[1].nextSshPublicKey"],
      );
    }
  });

  const refusals: [string, string, RegExp][] = [
    ["options in front", `no-touch-required ${key}`, /in front of the key/],
    ["options in front of a tab", `restrict\t${key}`, /in front of the key/],
    ["a quoted option", `command="x ${key}" ${key}`, /in front of the key/],
    ["a second key as its comment", `${key} ${key}`, /two keys/],
    ["a second key behind its comment", `${key} name\t${key}`, /two keys/],
    ["an escape in its comment", `${key} \u001b]0;x\u0007`, /printable/],
    ["a NUL", `${key} a\0b`, /printable/],
    ["another blank between type and key", key.replace(" ", "\u00a0"), /no key type|in front/],
    ["ssh.com's form", "---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n---- END SSH2 PUBLIC KEY ----", /another form/],
    ["PEM's form", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", /another form/],
    ["PuTTY's private file", "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none", /a private key/],
    ["a DSA key", "ssh-dss AAAAB3NzaC1kc3M= name", /a DSA key/],
    ["exponent 1", rsaLine(wire("ssh-rsa", 1n, number(rsa, "n"))), /no usable RSA key has/],
    ["a negative number", rsaLine(wire("ssh-rsa", 65537n, bytes(rsa, "n"))), /damaged/],
    ["too many bits", rsaLine(wire("ssh-rsa", 65537n, (1n << 16384n) | 1n)), /16385 bits/],
    [
      "a point that is not on its curve",
      `ecdsa-sha2-nistp256 ${wire("ecdsa-sha2-nistp256", "nistp256", Buffer.concat([Buffer.from([4]), Buffer.alloc(64, 7)])).toString("base64")}`,
      /damaged/,
    ],
  ];
  for (const [name, text, found] of refusals) {
    test(`is refused with ${name}`, () => refused(() => parsePublicKey(text), found, /public key|bits|exponent/));
  }
});

function refused(parse: () => unknown, found: RegExp, wanted: RegExp) {
  assert.throws(parse, (error) => {
    assert.ok(error instanceof SshKeyError, String(error));
    assert.match(error.found, found);
    assert.match(error.wanted, wanted);
    for (const key of [ed25519, rsa, ec, other]) {
      for (const line of exported(key, "pkcs8").split("\n").slice(1, -2)) {
        assert.ok(!error.message.includes(line.slice(-20)));
      }
    }
    return true;
  });
}
