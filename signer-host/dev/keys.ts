import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { InMemorySigner } from "@taquito/signer";
import * as z from "zod";

/** A software key that signs: `sign` gives the signature of the bytes (magic byte included) as `edsig…`, `BLsig…` and so on. */
export interface TezosKey {
  readonly alias: string;
  readonly address: string;
  readonly publicKey: string;
  readonly isBls: boolean;
  sign(bytes: Uint8Array): Promise<string>;
}

/**
 * The keys of the folder's `tezos.json`, `{"<alias>": "<unencrypted secret key>"}`, by address: ed25519, secp256k1, P-256
 * and BLS. Throws an Error that names the file and the alias, never the key.
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

/** The path of the folder's one ssh private key, `ssh_ed25519`, `ssh_ecdsa` or `ssh_rsa`. Throws an Error without one or with several. */
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
  return {
    alias,
    address: await signer.publicKeyHash(),
    publicKey: await signer.publicKey(),
    isBls: signer.canProvePossession,
    sign: async (bytes) => (await signer.sign(bytes)).prefixSig,
  };
}

/** Undefined for what is not JSON: the parser's own message would quote the text, which is a key. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
