import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { bls12_381 } from "@noble/curves/bls12-381";
import { InMemorySigner } from "@taquito/signer";
import { b58DecodeAndCheckPrefix, b58Encode, PrefixV2 } from "@taquito/utils";
import * as z from "zod";

/**
 * A key that signs. `sign` returns the signature of the bytes, magic byte included, as `edsig…`, `BLsig…` and so on.
 * The signature version defaults to the latest. It matters only for BLS, whose version 1 signs the public key as well.
 */
export type TezosKey = {
  readonly alias: string;
  readonly address: string;
  readonly publicKey: string;
  readonly isBls: boolean;
  sign(bytes: Uint8Array, version?: number): Promise<string>;
};

/**
 * The keys in the folder's `tezos.json`, `{"<alias>": "<unencrypted secret key>"}`, by address. They may be ed25519,
 * secp256k1, P-256 or BLS. Throws an Error that names the file and the alias, never the key.
 */
export async function readTezosKeys(folder: string): Promise<ReadonlyMap<string, TezosKey>> {
  const file = join(folder, "tezos.json");
  const text = readFileSync(file, "utf8");
  const aliases = z.record(z.string(), z.string()).safeParse(parseJson(text)).data;
  if (aliases === undefined || Object.keys(aliases).length === 0) {
    throw new Error(`${file}: wanted a JSON object of at least one {"<alias>": "<secret key>"}`);
  }
  const keys = await Promise.all(Object.entries(aliases).map(([alias, secret]) => softwareKey(file, alias, secret)));
  return new Map(keys.map((key) => [key.address, key]));
}

/**
 * The path of the folder's one ssh private key, `ssh_ed25519`, `ssh_ecdsa` or `ssh_rsa`. Throws an Error if there is
 * none, or more than one.
 */
export function findSshKey(folder: string): string {
  const found = readdirSync(folder).filter((name) => name.startsWith("ssh_") && !name.endsWith(".pub"));
  const [name] = found;
  if (name === undefined || found.length > 1) {
    throw new Error(`${folder}: found ${found.join(", ") || "no ssh key"}, wanted one private key named ssh_<type>`);
  }
  return join(folder, name);
}

async function softwareKey(file: string, alias: string, secret: string): Promise<TezosKey> {
  let signer: InMemorySigner;
  try {
    signer = new InMemorySigner(secret);
  } catch {
    throw new Error(`${file}: ${alias}: wanted an unencrypted secret key: edsk…, spsk…, p2sk… or BLsk…`);
  }
  const isBls = signer.canProvePossession;
  return {
    alias,
    address: await signer.publicKeyHash(),
    publicKey: await signer.publicKey(),
    isBls,
    sign: async (bytes, version) =>
      isBls && version === 1 ? signAugmented(secret, bytes) : (await signer.sign(bytes)).prefixSig,
  };
}

/** BLS with message augmentation, which Octez calls version 1 and Taquito does not have. */
function signAugmented(secret: string, bytes: Uint8Array): string {
  const { longSignatures: minPk } = bls12_381;
  const [littleEndian] = b58DecodeAndCheckPrefix(secret, [PrefixV2.BLS12_381SecretKey]);
  const secretKey = Uint8Array.from(littleEndian).reverse();
  const message = Buffer.concat([minPk.getPublicKey(secretKey).toBytes(), bytes]);
  const point = minPk.hash(message, "BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_AUG_");
  return b58Encode(minPk.sign(point, secretKey).toBytes(), PrefixV2.BLS12_381Signature);
}

/** Undefined if the text is not JSON: the parser's own message would quote the text, which is a key. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
