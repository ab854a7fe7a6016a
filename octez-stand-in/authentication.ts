import { ed25519 } from "@noble/curves/ed25519";
import { b58DecodeAndCheckPrefix, b58Encode, encodeExpr, PrefixV2 } from "@taquito/utils";

/** A key of the wallet that is in its files itself: `unencrypted:edsk…`. */
export type LocalKey = { readonly alias: string; readonly address: string; readonly secretKey: string };

/** What octez-signer calls the request for a signature (`Sign.Request` in src/lib_signer_services/signer_messages.ml). */
const signRequest = Buffer.of(0x04, 0x01);

/**
 * The `authentication` of a request for a signature of `bytes` by the key of that address: a signature of both by the
 * first key of the wallet that the signer authorizes (`authenticate` in src/lib_client_base_unix/client_main_run.ml).
 * Octez would also ask a signer for that signature. This wallet's own keys alone are looked at.
 */
export function authenticate(keys: readonly LocalKey[], authorized: unknown, address: string, bytes: Buffer): string {
  const key = keys.find((each) => Array.isArray(authorized) && authorized.includes(each.address));
  if (key === undefined)
    throw new Error("remote signer expects authentication signature, but no authorized key was found in the wallet");
  const message = Buffer.concat([signRequest, taggedHash(address), bytes]);
  return signLocally(key, message);
}

/** A local key's signature of bytes. */
export function signLocally(key: LocalKey, bytes: Buffer): string {
  return b58Encode(ed25519.sign(blake2b(bytes), seedOf(key)), PrefixV2.Ed25519Signature);
}

/** A local key's public half. */
export function publicKeyOf(key: Pick<LocalKey, "alias" | "secretKey">): string {
  return b58Encode(ed25519.getPublicKey(seedOf(key)), PrefixV2.Ed25519PublicKey);
}

/** A public key's hash with the tag of its curve in front: 21 bytes. */
function taggedHash(address: string): Buffer {
  const [hash] = b58DecodeAndCheckPrefix(address);
  return Buffer.concat([Buffer.of(Number(address[2]) - 1), hash]);
}

/** BLAKE2b of 32 bytes. @taquito/utils has it in the form of the hash of an expression alone. */
function blake2b(bytes: Buffer): Uint8Array {
  return b58DecodeAndCheckPrefix(encodeExpr(bytes.toString("hex")), [PrefixV2.ScriptExpr], true);
}

function seedOf({ alias, secretKey }: Pick<LocalKey, "alias" | "secretKey">): Uint8Array {
  try {
    // The longer form has the public key behind the seed.
    return b58DecodeAndCheckPrefix(secretKey, [PrefixV2.Ed25519Seed, PrefixV2.Ed25519SecretKey], true).subarray(0, 32);
  } catch {
    // The library's message quotes the key.
    throw new Error(`the secret key of ${alias} is none of ed25519 (edsk…)`);
  }
}
