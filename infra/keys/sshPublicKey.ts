import { createHash, createPublicKey, type JsonWebKey } from "node:crypto";
import { bitsOf, WireReader, wire } from "./sshWire.ts";

/** A public key in the form that OpenSSH writes. */
export type SshPublicKey = {
  /** The key's type as OpenSSH names it, for example `ssh-ed25519`. */
  readonly type: string;
  /** `<type> <base64>`, without options and comment. */
  readonly line: string;
  /** `SHA256:…`, as `ssh-keygen -l` prints it. */
  readonly fingerprint: string;
};

/** A problem with a key. Its text never contains any part of the key. */
export class SshKeyError extends Error {
  readonly found: string;
  readonly wanted: string;

  constructor(found: string, wanted: string) {
    super(`found ${found}, wanted ${wanted}`);
    this.found = found;
    this.wanted = wanted;
  }
}

type Part = "key" | "e" | "n" | "curve" | "point" | "application";

/** The parts of a public key's wire form, by type; RFC 4253, 5656, 8709 and OpenSSH's PROTOCOL.u2f. */
const publicParts: Record<string, readonly Part[]> = {
  "ssh-ed25519": ["key"],
  "ssh-rsa": ["e", "n"],
  "ecdsa-sha2-nistp256": ["curve", "point"],
  "ecdsa-sha2-nistp384": ["curve", "point"],
  "ecdsa-sha2-nistp521": ["curve", "point"],
  "sk-ssh-ed25519@openssh.com": ["key", "application"],
  "sk-ecdsa-sha2-nistp256@openssh.com": ["curve", "point", "application"],
};

/** The types of keys that signers may log in with. */
export const publicKeyTypes: readonly string[] = Object.keys(publicParts);

/** NIST's curves: their names in ssh, JWK and OpenSSL, and the bytes of a coordinate. */
export const curves = [
  { ssh: "nistp256", jwk: "P-256", openssl: "prime256v1", bytes: 32 },
  { ssh: "nistp384", jwk: "P-384", openssl: "secp384r1", bytes: 48 },
  { ssh: "nistp521", jwk: "P-521", openssl: "secp521r1", bytes: 66 },
] as const;

/** RSA keys with fewer bits are rejected, here and by `RequiredRSASize` in sshd_config. */
const leastRsaBits = 2048;
/** The most bits that OpenSSH reads and OpenSSL computes with: OPENSSL_RSA_MAX_MODULUS_BITS. */
const mostRsaBits = 16384;
/**
 * OpenSSL limits the exponent to `mostExponentBits` if the modulus has more than `smallRsaBits`.
 *
 * Its names for these are OPENSSL_RSA_SMALL_MODULUS_BITS and OPENSSL_RSA_MAX_PUBEXP_BITS.
 */
const [smallRsaBits, mostExponentBits] = [3072, 64];

const wantedPublic = "one line with one OpenSSH public key, such as `ssh-ed25519 AAAA… name`";

/**
 * Reads one line of a `.pub` file as `ssh-keygen -l` does, and drops any comment after the key.
 *
 * Throws SshKeyError for anything else: a private key, several keys, options before the key, a type that sshd rejects.
 */
export function parsePublicKey(text: string): SshPublicKey {
  const line = text.trim();
  if (/^(PuTTY-User-Key-File-|-----? ?BEGIN .*PRIVATE KEY)/.test(line))
    throw new SshKeyError("a private key", wantedPublic);
  if (/^---- BEGIN SSH2 PUBLIC KEY|^-----BEGIN [A-Z ]*PUBLIC KEY/.test(line)) {
    const how = "which `ssh-keygen -i -m RFC4716 -f FILE` makes of it (of PEM: `-m PKCS8`, of RSA's PEM: `-m PEM`)";
    throw new SshKeyError("a public key in another form than OpenSSH's", `${wantedPublic}, ${how}`);
  }
  if (line === "") throw new SshKeyError("an empty text", wantedPublic);
  if (/[\r\n]/.test(line)) throw new SshKeyError("more than one line", wantedPublic);
  if (/(?![\t\u0080-\u009f])\p{Cc}/u.test(line))
    throw new SshKeyError("a control character, which is not printable", wantedPublic);
  const [type = "", base64 = "", ...comment] = line.split(/[ \t]+/);
  if (!publicKeyTypes.includes(type)) throw wrongBeginning(line, type);
  const blob = strictBase64(base64);
  if (!blob) throw new SshKeyError(`a ${type} key that is not whole base64`, wantedPublic);
  const isKey = (word: string, i: number) => publicKeyTypes.includes(word) && comment[i + 1]?.startsWith("AAAA");
  if (comment.some(isKey)) throw new SshKeyError("two keys on one line", wantedPublic);
  return readPublicKey(blob, type);
}

function wrongBeginning(line: string, type: string): SshKeyError {
  if (/-cert-v\d+@openssh\.com$/.test(type)) return new SshKeyError("a certificate", wantedPublic);
  const ofType = `${wantedPublic}, of type ${publicKeyTypes.join(", ")}`;
  if (type === "ssh-dss") {
    return new SshKeyError("a DSA key, no key type that sshd accepts any more", ofType);
  }
  const isBehind = line.split(/[ \t]+/).some((word) => publicKeyTypes.includes(word));
  return new SshKeyError(
    isBehind ? "options or other words in front of the key" : "no key type that sshd accepts",
    ofType,
  );
}

/** Decodes base64 as strictly as ssh does: with its padding, and without characters that a decoder would skip. */
export function strictBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64");
  return text !== "" && bytes.toString("base64") === text ? bytes : undefined;
}

/**
 * Reads a public key's wire form, of the expected type, and rewrites it as ssh does.
 *
 * Throws SshKeyError if it is incomplete or unusable.
 */
export function readPublicKey(blob: Buffer, type: string, wanted = wantedPublic): SshPublicKey {
  const damaged = new SshKeyError(`a ${type} key that is cut off or damaged`, wanted);
  const reader = new WireReader(blob, damaged);
  if (reader.string().toString("latin1") !== type) throw damaged;
  const parts: Partial<Record<Part, Buffer | bigint>> = {};
  for (const part of publicParts[type] ?? []) {
    parts[part] = part === "e" || part === "n" ? reader.integer() : reader.string();
  }
  if (reader.rest().length > 0) throw damaged;
  const { key, curve, point, e, n } = parts as { [part in Part]?: part extends "e" | "n" ? bigint : Buffer };
  if (key && key.length !== 32) throw damaged;
  if (curve && !(type.includes(curve.toString("latin1")) && isOnCurve(curve.toString("latin1"), point))) throw damaged;
  if (e !== undefined && n !== undefined) checkRsa(e, n);
  const whole = wire(type, ...Object.values(parts));
  const fingerprint = `SHA256:${createHash("sha256").update(whole).digest("base64").replace(/=+$/, "")}`;
  return { type, line: `${type} ${whole.toString("base64")}`, fingerprint };
}

/** Whether a point is uncompressed, the only form that ssh accepts, and is on its curve. */
function isOnCurve(name: string, point: Buffer | undefined): boolean {
  const curve = curves.find(({ ssh }) => ssh === name);
  if (!curve || point?.[0] !== 4 || point.length !== 1 + 2 * curve.bytes) return false;
  const [x, y] = [point.subarray(1, 1 + curve.bytes), point.subarray(1 + curve.bytes)].map((half) =>
    half.toString("base64url"),
  );
  try {
    createPublicKey({ format: "jwk", key: { kty: "EC", crv: curve.jwk, x, y } as JsonWebKey });
    return true;
  } catch {
    return false;
  }
}

function checkRsa(e: bigint, n: bigint) {
  const bits = bitsOf(n);
  if (bits < leastRsaBits || bits > mostRsaBits) {
    throw new SshKeyError(`an RSA key of ${bits} bits`, `${leastRsaBits} to ${mostRsaBits} bits, or an ed25519 key`);
  }
  const isUsable = e > 1n && e % 2n === 1n && (bits <= smallRsaBits || bitsOf(e) <= mostExponentBits) && e < n;
  if (!isUsable || n % 2n === 0n) {
    throw new SshKeyError(
      "an RSA key with a number that no usable RSA key has",
      "the exponent 65537, or an ed25519 key",
    );
  }
}
