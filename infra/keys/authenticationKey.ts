import { createPrivateKey, createPublicKey, hkdfSync } from "node:crypto";
import { b58Encode, PrefixV2 } from "@taquito/utils";
import { addressOf } from "./tezosKey.ts";

/** The key with which one baker signs its requests, for devices that require it (octez-signer --require-authentication). */
export type AuthenticationKey = {
  readonly address: string;
  /** edpk…, as `octez-signer add authorized key` takes it. */
  readonly publicKey: string;
  /** edsk…, of which Octez's wallet has `unencrypted:` in front. */
  readonly secretKey: string;
};

const seedLength = 32;

/** What is wrong with the text, or undefined if it is a seed: 32 bytes in base64. */
export function problemOfSeed(text: string): string | undefined {
  const bytes = Buffer.from(text, "base64");
  if (bytes.length === seedLength && bytes.toString("base64") === text.trim()) return undefined;
  return "32 bytes in base64, from `npm run -s authentication-seed` or `openssl rand -base64 32`";
}

/**
 * A baker's authentication key.
 *
 * It follows from the stack's seed and the baker's name alone (HKDF with SHA-256, RFC 5869), so that it is the same
 * after a respin: the device at home knows its public half. It is no account: nobody sends it funds.
 */
export function authenticationKeyOf(seed: string, baker: string): AuthenticationKey {
  const info = `remote-signer-cloud authentication key of baker ${baker}`;
  const secret = Buffer.from(hkdfSync("sha256", Buffer.from(seed, "base64"), "", info, 32));
  // PKCS #8's head for an Ed25519 seed (RFC 8410), and 12 bytes of SPKI's in front of the public key.
  const pkcs8 = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), secret]);
  const privateKey = createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" });
  const spki = createPublicKey(privateKey).export({ format: "der", type: "spki" });
  const publicKey = b58Encode(spki.subarray(12), PrefixV2.Ed25519PublicKey);
  return {
    address: addressOf(publicKey),
    publicKey,
    secretKey: b58Encode(secret, PrefixV2.Ed25519Seed),
  };
}
