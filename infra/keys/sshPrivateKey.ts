import { createECDH, createHash, createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { curves, readPublicKey, SshKeyError, type SshPublicKey } from "./sshPublicKey.ts";
import { bitsOf, bytesOf, integerFrom, uint32, WireReader, wire } from "./sshWire.ts";

/** What a host key should be. */
export const wantedHost = "an unencrypted private key, as `ssh-keygen -t ed25519 -N '' -f host_key` writes it";

/** A private key that has been checked, with its public half. */
export type PrivateKey = SshPublicKey & {
  /** Its file in a form that ssh reads, however the input's lines were broken. */
  readonly pem: string;
};

const damaged = new SshKeyError("a private key that is cut off or damaged", wantedHost);
const foreignHalf = new SshKeyError(
  "a damaged private key: its private and its public half do not belong together",
  wantedHost,
);

/** The error for an encrypted key, with the command that removes the passphrase. */
export const encryptedKey = new SshKeyError(
  "an encrypted private key",
  `${wantedHost}; \`ssh-keygen -p -N '' -f host_key\` takes the passphrase away`,
);

/** The error for a DSA key. */
export const dsaKey = new SshKeyError("a DSA key, which ssh does not take any more", wantedHost);

/** Reads OpenSSH's PROTOCOL.key: magic, cipher, kdf, kdf options, count, public key, private section. */
export function readOpenSsh(body: Buffer): PrivateKey {
  const magic = "openssh-key-v1\0";
  if (body.subarray(0, magic.length).toString("latin1") !== magic) throw damaged;
  const outer = new WireReader(body.subarray(magic.length), damaged);
  if (outer.string().toString() !== "none") throw encryptedKey;
  outer.string();
  outer.string();
  if (outer.number() !== 1) throw new SshKeyError("a file with several private keys", wantedHost);
  const blob = outer.string();
  const section = outer.string();
  if (section.length % 8 !== 0 || outer.rest().length > 0) throw damaged;
  const inner = new WireReader(section, damaged);
  // The same random number twice. A failed decryption would make them differ.
  const [check, again] = [inner.number(), inner.number()];
  if (check !== again) throw damaged;
  const type = inner.string().toString("latin1");
  if (type === "ssh-dss") throw dsaKey;
  if (type.startsWith("sk-")) {
    const found = `the file of a security key (FIDO, ${type}), which can't sign without its device`;
    throw new SshKeyError(found, `${wantedHost}, of type ed25519, ecdsa or rsa`);
  }
  if (!["ssh-ed25519", "ssh-rsa", ...curves.map(({ ssh }) => `ecdsa-sha2-${ssh}`)].includes(type)) {
    throw new SshKeyError(`a private key of type ${/^[\w@.-]{1,60}$/.test(type) ? type : "unknown"}`, wantedHost);
  }
  const key = readPublicKey(blob, type, wantedHost);
  const fields = readFields(type, inner);
  const comment = inner.string();
  // After the comment comes the padding 1, 2, 3, … It reveals a text that has lost its end or some of its middle.
  if (inner.rest().some((byte, i) => byte !== i + 1)) throw damaged;
  if (key.line !== `${type} ${publicBlob(type, fields).toString("base64")}`) throw foreignHalf;
  // ssh rejects a comment with a NUL.
  return { ...key, pem: writeOpenSsh(key, check, fields, comment.includes(0) ? "" : comment) };
}

type Fields = readonly (string | Buffer | bigint)[];

/** Reads a key's private half, in the layout of its type. Checks it against the public numbers that it contains. */
function readFields(type: string, reader: WireReader): Fields {
  if (type === "ssh-ed25519") {
    const [publicHalf, both] = [reader.string(), reader.string()];
    const seed = both.subarray(0, 32);
    if (publicHalf.length !== 32 || both.length !== 64) throw damaged;
    if (!both.subarray(32).equals(publicHalf) || !publicOfSeed(seed).equals(publicHalf)) throw foreignHalf;
    return [publicHalf, both];
  }
  if (type === "ssh-rsa") {
    const [n, e, d, inverse, p, q] = Array.from({ length: 6 }, () => reader.integer()) as [
      bigint,
      bigint,
      bigint,
      bigint,
      bigint,
      bigint,
    ];
    checkRsaHalves({ n, e, d, inverse, p, q });
    return [n, e, d, inverse, p, q];
  }
  const [curve, point, d] = [reader.string().toString("latin1"), reader.string(), reader.integer()];
  checkEcHalves(curve, point, d);
  return [curve, point, d];
}

function publicBlob(type: string, fields: Fields): Buffer {
  const [first = "", second = ""] = fields;
  if (type === "ssh-ed25519") return wire(type, first);
  return type === "ssh-rsa" ? wire(type, second, first) : wire(type, first, second);
}

function publicOfSeed(seed: Buffer): Buffer {
  // PKCS#8's bytes before an Ed25519 seed: RFC 8410, section 7.
  const der = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]);
  return fieldsOfJwk(createPublicKey(createPrivateKey({ key: der, format: "der", type: "pkcs8" }))).x as Buffer;
}

type Rsa = { readonly [part in "n" | "e" | "d" | "inverse" | "p" | "q"]: bigint };

function checkRsaHalves({ n, e, d, inverse, p, q }: Rsa) {
  const isWhole = p > 1n && q > 1n && p * q === n && (inverse * q) % p === 1n && inverse < p;
  if (!isWhole || d <= 1n || d >= n || (e * d) % (p - 1n) !== 1n || (e * d) % (q - 1n) !== 1n) throw foreignHalf;
}

function checkEcHalves(name: string, point: Buffer, d: bigint) {
  const curve = curves.find(({ ssh }) => ssh === name);
  if (!curve) throw damaged;
  // ssh rejects a private number with less than half the curve's bits.
  if (bitsOf(d) <= Number(name.slice(-3)) >> 1 || d >= 1n << BigInt(8 * curve.bytes)) throw damaged;
  const pair = createECDH(curve.openssl);
  try {
    pair.setPrivateKey(bytesOf(d, curve.bytes));
  } catch {
    throw damaged;
  }
  if (!pair.getPublicKey().equals(point)) throw foreignHalf;
}

/** Writes a key's file as ssh-keygen does. */
function writeOpenSsh(key: SshPublicKey, check: number, fields: Fields, comment: string | Buffer): string {
  const section = Buffer.concat([uint32(check), uint32(check), wire(key.type, ...fields, comment)]);
  const padding = Buffer.from(Array.from({ length: (8 - (section.length % 8)) % 8 }, (_, i) => i + 1));
  const blob = Buffer.from(key.line.split(" ")[1] as string, "base64");
  const body = Buffer.concat([
    Buffer.from("openssh-key-v1\0"),
    wire("none", "none", ""),
    uint32(1),
    wire(blob, Buffer.concat([section, padding])),
  ]);
  const lines = body.toString("base64").match(/.{1,70}/g) as string[];
  return ["-----BEGIN OPENSSH PRIVATE KEY-----", ...lines, "-----END OPENSSH PRIVATE KEY-----", ""].join("\n");
}

/** OpenSSL's form of a key, by the name in the PEM's first line. */
export const pemForms = { "RSA PRIVATE KEY": "pkcs1", "EC PRIVATE KEY": "sec1", "PRIVATE KEY": "pkcs8" } as const;

/**
 * Reads PKCS#1, SEC1 or PKCS#8.
 *
 * ssh reads these too, but Ed25519 only from 9.6 on. An Ed25519 key is therefore rewritten in OpenSSH's own form.
 */
export function readPem(body: Buffer, form: (typeof pemForms)[keyof typeof pemForms]): PrivateKey {
  let pair: KeyObject;
  try {
    pair = createPrivateKey({ key: body, format: "der", type: form });
  } catch {
    throw new SshKeyError("a private key that is cut off, damaged or of an unknown type", wantedHost);
  }
  const kind = pair.asymmetricKeyType;
  if (kind === "dsa") throw dsaKey;
  const curve = curves.find(({ openssl }) => openssl === pair.asymmetricKeyDetails?.namedCurve);
  if (kind === "ec" && !curve) {
    const name = pair.asymmetricKeyDetails?.namedCurve ?? "of its own";
    throw new SshKeyError(`a key on the curve ${name}, which ssh does not know`, `${wantedHost}, or on NIST's curves`);
  }
  if (!["ec", "ed25519", "rsa"].includes(kind ?? "")) {
    throw new SshKeyError(
      `a private key of type ${kind}, which ssh does not know`,
      `${wantedHost}, ed25519, ecdsa or rsa`,
    );
  }
  const jwk = fieldsOfJwk(pair);
  const part = (name: string) => jwk[name] as Buffer;
  const number = (name: string) => integerFrom(part(name));
  if (kind === "ed25519") {
    const key = readPublicKey(wire("ssh-ed25519", part("x")), "ssh-ed25519", wantedHost);
    const check = createHash("sha256").update(key.line).digest().readUInt32BE();
    return { ...key, pem: writeOpenSsh(key, check, [part("x"), Buffer.concat([part("d"), part("x")])], "") };
  }
  // OpenSSL also reads a key whose first line names another form. Here it gets the right name.
  const type = form === (curve ? "pkcs1" : "sec1") ? "pkcs8" : form;
  const pem = () =>
    `${createPrivateKey({ format: "jwk", key: pair.export({ format: "jwk" }) }).export({ type, format: "pem" })}`;
  if (curve) {
    const point = Buffer.concat([Buffer.from([4]), part("x"), part("y")]);
    checkEcHalves(curve.ssh, point, number("d"));
    const name = `ecdsa-sha2-${curve.ssh}`;
    return { ...readPublicKey(wire(name, curve.ssh, point), name, wantedHost), pem: pem() };
  }
  const [n, e, d, p, q] = ["n", "e", "d", "p", "q"].map(number) as [bigint, bigint, bigint, bigint, bigint];
  const key = readPublicKey(wire("ssh-rsa", e, n), "ssh-rsa", wantedHost);
  checkRsaHalves({ n, e, d, inverse: number("qi"), p, q });
  if (number("dp") !== d % (p - 1n) || number("dq") !== d % (q - 1n)) throw foreignHalf;
  return { ...key, pem: pem() };
}

function fieldsOfJwk(key: KeyObject): Record<string, Buffer> {
  const entries = Object.entries(key.export({ format: "jwk" })) as [string, string][];
  return Object.fromEntries(entries.map(([name, text]) => [name, Buffer.from(text, "base64url")]));
}
