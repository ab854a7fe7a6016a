import { createHash, createPrivateKey, createPublicKey } from "node:crypto";

/** A public key in the form that OpenSSH writes. */
export type SshPublicKey = {
  /** The key's type as OpenSSH names it, for example `ssh-ed25519`. */
  readonly type: string;
  /** `<type> <base64>`, without options and comment. */
  readonly line: string;
  /** `SHA256:…`, as `ssh-keygen -l` prints it. */
  readonly fingerprint: string;
};

/** A host key with the file name that sshd gives to a key of its type. */
export type SshHostKey = SshPublicKey & {
  /** For example `ssh_host_ed25519_key`. */
  readonly fileName: string;
  /** The private key as sshd reads it: with a newline at its end, and no carriage returns. Secret. */
  readonly pem: string;
};

/** What is wrong with a key, in words that never contain any of it. */
export class SshKeyError extends Error {
  readonly found: string;
  readonly wanted: string;

  constructor(found: string, wanted: string) {
    super(`found ${found}, wanted ${wanted}`);
    this.found = found;
    this.wanted = wanted;
  }
}

/** The parts of a public key's wire form, by type; RFC 4253, 5656, 8709 and OpenSSH's PROTOCOL.u2f. */
const publicParts: Record<string, readonly string[]> = {
  "ssh-ed25519": ["key"],
  "ssh-rsa": ["e", "n"],
  "ecdsa-sha2-nistp256": ["curve", "point"],
  "ecdsa-sha2-nistp384": ["curve", "point"],
  "ecdsa-sha2-nistp521": ["curve", "point"],
  "sk-ssh-ed25519@openssh.com": ["key", "application"],
  "sk-ecdsa-sha2-nistp256@openssh.com": ["curve", "point", "application"],
};

/** RSA keys below this many bits are refused here and by `RequiredRSASize` in sshd_config. */
const minimumRsaBits = 2048;

const wantedPublic = "one line with one OpenSSH public key, such as `ssh-ed25519 AAAA… name`";
const wantedHost = "an unencrypted private key, as `ssh-keygen -t ed25519 -N '' -f host_key` writes it";

/**
 * Reads one line of a `.pub` file; a comment behind the key is dropped.
 *
 * Throws SshKeyError for anything else: a private key, several keys, options in front, a type that sshd would not take.
 */
export function parsePublicKey(text: string): SshPublicKey {
  const line = text.trim();
  if (/PRIVATE KEY|^PuTTY-User-Key-File/.test(line)) throw new SshKeyError("a private key", wantedPublic);
  if (line === "") throw new SshKeyError("an empty text", wantedPublic);
  if (/[\r\n]/.test(line)) throw new SshKeyError("more than one line", wantedPublic);
  if (/[^\x20-\x7e]/.test(line)) throw new SshKeyError("a character that is not printable ASCII", wantedPublic);
  const [type = "", base64 = "", ...comment] = line.split(/ +/);
  const types = Object.keys(publicParts);
  if (!types.includes(type)) {
    if (/-cert-v\d+@openssh\.com$/.test(type)) throw new SshKeyError("a certificate", wantedPublic);
    const options = line.split(" ").some((word) => types.includes(word)) || types.some((t) => line.includes(` ${t} `));
    const found = options ? "options or other words in front of the key" : "no key type that sshd accepts";
    throw new SshKeyError(found, `${wantedPublic}, of type ${types.join(", ")}`);
  }
  if (comment.some((word) => types.includes(word))) throw new SshKeyError("two keys on one line", wantedPublic);
  const blob = Buffer.from(base64, "base64");
  if (base64 === "" || blob.toString("base64") !== base64) {
    throw new SshKeyError(`a ${type} key that is not whole base64`, wantedPublic);
  }
  return fromBlob(blob, type);
}

/**
 * Reads a host key: its public half, fingerprint and file name; the private half is only looked at.
 *
 * Takes OpenSSH's own format and PEM, as sshd does. Throws SshKeyError if it is encrypted, public, truncated or of a
 * type that cannot be a host key.
 */
export function parseHostKey(text: string): SshHostKey {
  const pem = text.trim();
  if (pem === "") throw new SshKeyError("an empty text", wantedHost);
  if (!pem.includes("PRIVATE KEY")) {
    const isPublic = Object.keys(publicParts).some((type) => pem.includes(type)) || pem.includes("PUBLIC KEY");
    throw new SshKeyError(isPublic ? "a public key" : "no private key", wantedHost);
  }
  if (/ENCRYPTED/.test(pem)) throw new SshKeyError("an encrypted private key", wantedHost);
  const block = /^-----BEGIN ([A-Z ]*PRIVATE KEY)-----\s([^-]+)-----END \1-----$/.exec(pem);
  if (!block) throw new SshKeyError("a private key that is cut off, or not alone", wantedHost);
  const body = Buffer.from(block[2] as string, "base64");
  const key = block[1] === "OPENSSH PRIVATE KEY" ? fromOpenSsh(body) : fromPem(pem);
  const family = { "ssh-ed25519": "ed25519", "ssh-rsa": "rsa" }[key.type] ?? /^(ecdsa)-/.exec(key.type)?.[1];
  if (!family) throw new SshKeyError(`a key of type ${key.type}`, `${wantedHost}, of type ed25519, ecdsa or rsa`);
  return { ...key, fileName: `ssh_host_${family}_key`, pem: `${pem.replaceAll("\r\n", "\n")}\n` };
}

/** OpenSSH's PROTOCOL.key: magic, cipher, kdf, kdf options, count, public key, private section. */
function fromOpenSsh(body: Buffer): SshPublicKey {
  const cut = new SshKeyError("a private key that is cut off or damaged", wantedHost);
  const magic = "openssh-key-v1\0";
  if (body.subarray(0, magic.length).toString("latin1") !== magic) throw cut;
  const outer = new Reader(body.subarray(magic.length), cut);
  if (outer.string().toString() !== "none") throw new SshKeyError("an encrypted private key", wantedHost);
  outer.string();
  outer.string();
  if (outer.number() !== 1) throw new SshKeyError("a file with several private keys", wantedHost);
  const blob = outer.string();
  const inner = new Reader(outer.string(), cut);
  // The same random number twice; after a wrong decryption they would differ.
  const [check, again] = [inner.number(), inner.number()];
  if (check !== again) throw cut;
  const type = inner.string().toString();
  const key = fromBlob(blob, type);
  // What follows is the private half in a layout of its own for each type, a comment, and the padding 1, 2, 3, ….
  // The last byte of the padding says how long it is, so a text that lost its end or some of its middle shows here.
  const rest = inner.rest();
  const fields = new Reader(rest, cut);
  const count = { "ssh-ed25519": 2, "ssh-rsa": 6 }[type] ?? 3;
  for (let i = 0; i < count + 1; i++) fields.string();
  if (fields.rest().some((byte, i) => byte !== i + 1)) throw cut;
  return key;
}

/** PEM of PKCS#1, SEC1 or PKCS#8, which sshd reads as well. */
function fromPem(pem: string): SshPublicKey {
  let jwk: ReturnType<ReturnType<typeof createPublicKey>["export"]> & Record<string, unknown>;
  try {
    jwk = createPublicKey(createPrivateKey(pem)).export({ format: "jwk" }) as typeof jwk;
  } catch {
    throw new SshKeyError("a private key that is cut off, damaged or of an unknown type", wantedHost);
  }
  const bytes = (name: string) => Buffer.from(String(jwk[name]), "base64url");
  const mpint = (name: string) => Buffer.concat([Buffer.from((bytes(name)[0] ?? 0) & 0x80 ? [0] : []), bytes(name)]);
  const curve = { "P-256": "nistp256", "P-384": "nistp384", "P-521": "nistp521" }[String(jwk.crv)];
  if (jwk.kty === "RSA") return fromBlob(wire("ssh-rsa", mpint("e"), mpint("n")), "ssh-rsa");
  if (jwk.crv === "Ed25519") return fromBlob(wire("ssh-ed25519", bytes("x")), "ssh-ed25519");
  if (curve) {
    const point = Buffer.concat([Buffer.from([4]), bytes("x"), bytes("y")]);
    return fromBlob(wire(`ecdsa-sha2-${curve}`, curve, point), `ecdsa-sha2-${curve}`);
  }
  throw new SshKeyError("a private key of a type that ssh does not know", wantedHost);
}

/** Checks that the wire form is whole and of the type that it claims. */
function fromBlob(blob: Buffer, type: string): SshPublicKey {
  const damaged = new SshKeyError(`a ${type} key that is cut off or damaged`, wantedPublic);
  const reader = new Reader(blob, damaged);
  if (reader.string().toString("latin1") !== type) throw damaged;
  const parts = Object.fromEntries((publicParts[type] ?? []).map((part) => [part, reader.string()]));
  if (reader.rest().length > 0) throw damaged;
  if (type.endsWith("ed25519") && parts.key?.length !== 32) throw damaged;
  if (parts.curve && !type.includes(parts.curve.toString("latin1"))) throw damaged;
  const bits = parts.n ? BigInt(`0x${parts.n.toString("hex") || "0"}`).toString(2).length : minimumRsaBits;
  if (bits < minimumRsaBits) {
    throw new SshKeyError(`an RSA key of ${bits} bits`, `at least ${minimumRsaBits} bits, or an ed25519 key`);
  }
  const fingerprint = `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;
  return { type, line: `${type} ${blob.toString("base64")}`, fingerprint };
}

/** Reads ssh's wire form: 32-bit numbers, and strings behind their length (RFC 4251, section 5). */
class Reader {
  private readonly bytes: Buffer;
  private readonly failure: Error;
  private at = 0;

  constructor(bytes: Buffer, failure: Error) {
    this.bytes = bytes;
    this.failure = failure;
  }

  number(): number {
    return this.take(4).readUInt32BE();
  }

  string(): Buffer {
    return this.take(this.number());
  }

  rest(): Buffer {
    return this.bytes.subarray(this.at);
  }

  private take(length: number): Buffer {
    if (this.at + length > this.bytes.length) throw this.failure;
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
}

function wire(...parts: (string | Buffer)[]): Buffer {
  return Buffer.concat(
    parts.flatMap((part) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(part.length);
      return [length, Buffer.from(part as string)];
    }),
  );
}
