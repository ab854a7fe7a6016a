import { dsaKey, encryptedKey, type PrivateKey, pemForms, readOpenSsh, readPem, wantedHost } from "./sshPrivateKey.ts";
import { publicKeyTypes, SshKeyError, strictBase64 } from "./sshPublicKey.ts";

export { parsePublicKey, SshKeyError } from "./sshPublicKey.ts";

/** A host key with sshd's file name for a key of its type. Its `pem` is secret. */
export type SshHostKey = PrivateKey & {
  /** For example `ssh_host_ed25519_key`. */
  readonly fileName: string;
};

/**
 * Reads a host key, and gives its public half, fingerprint, file name and file.
 *
 * Accepts OpenSSH's own format and PEM, even with mangled line breaks. Rewrites the file in a form that ssh reads.
 * Throws SshKeyError if the key is encrypted, public, damaged, not alone, in another program's format or of a type that
 * cannot be a host key, or if its two halves do not belong together.
 */
export function parseHostKey(text: string): SshHostKey {
  // A key that went through JSON or a shell's variable can have each newline written as backslash and n.
  const pem = text
    .replaceAll(/\\[rn]/g, "\n")
    .replaceAll(curveParameters, "")
    .trim();
  if (text.trim() === "") throw new SshKeyError("an empty text", wantedHost);
  const stranger = foreignFormats.find(({ pattern }) => pattern.test(pem));
  if (stranger) throw new SshKeyError(stranger.found, `${wantedHost}${stranger.convert}`);
  if (!pem.includes("PRIVATE KEY")) throw new SshKeyError(insteadOfKey(pem, text), wantedHost);
  if (/ENCRYPTED/.test(pem)) throw encryptedKey;
  const begins = pem.match(/-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/g) ?? [];
  if (begins.length > 1)
    throw new SshKeyError(`${begins.length} private keys: each is not alone`, `one, ${wantedHost}`);
  const block = /^-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----([^-]*)-----END \1-----$/.exec(pem);
  if (!block) throw new SshKeyError(withoutFrame(pem), wantedHost);
  const [, name, base64] = block as unknown as [string, string, string];
  if (name === "DSA PRIVATE KEY") throw dsaKey;
  const form = pemForms[name as keyof typeof pemForms];
  if (!form && name !== "OPENSSH PRIVATE KEY")
    throw new SshKeyError("a private key in a form that ssh does not read", wantedHost);
  const body = strictBase64(base64.replaceAll(/\s/g, ""));
  if (!body) throw new SshKeyError("a private key that is cut off or damaged", wantedHost);
  const key = form ? readPem(body, form) : readOpenSsh(body);
  return { ...key, fileName: `ssh_host_${/ed25519|rsa|ecdsa/.exec(key.type)?.[0]}_key` };
}

/** The block that `openssl ecparam -genkey` writes before a key. It is redundant, because the key names its curve. */
const curveParameters = /-----BEGIN EC PARAMETERS-----[^-]*-----END EC PARAMETERS-----/g;

const puttygen = "; `puttygen host_key.ppk -O private-openssh -o host_key` makes that of it";

/** File formats of other programs, and the command that converts them to OpenSSH's. */
const foreignFormats = [
  { pattern: /^PuTTY-User-Key-File-/m, found: "a private key in PuTTY's format", convert: puttygen },
  {
    pattern: /^---- BEGIN SSH2 ENCRYPTED PRIVATE KEY/m,
    found: "a private key in the format of ssh.com's programs",
    convert: puttygen.replace(".ppk", ".ssh2"),
  },
];

function withoutFrame(pem: string): string {
  const isWhole = /-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----[^-]*-----END \1-----/.test(pem);
  if (isWhole) return "a private key that is not alone: something else is in front of it or behind it";
  return "a private key that is cut off, or whose first or last line is damaged";
}

function insteadOfKey(pem: string, text: string): string {
  if (pem === "" && text.includes("EC PARAMETERS")) return "the parameters of a curve, and no key behind them";
  if (/-cert-v\d+@openssh\.com |BEGIN CERTIFICATE/.test(pem)) return "a certificate";
  const isPublic = publicKeyTypes.some((type) => pem.includes(type)) || /PUBLIC KEY|ssh-dss /.test(pem);
  return isPublic ? "a public key" : "no private key";
}
