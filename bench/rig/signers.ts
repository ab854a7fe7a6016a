import { generateKeyPairSync, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { b58Encode, PrefixV2 } from "@taquito/utils";
import { addressOf } from "../../infra/keys/tezosKey.ts";
import { root } from "../../local/machine/checkout.ts";
import { signerPort } from "./traffic.ts";

/** A signer that the bench plays. */
export type BenchSigner = {
  readonly name: string;
  /** Its port at the server. `localPort` is its daemon's port at home. */
  readonly port: number;
  readonly localPort: number;
  /** The keys that bakers sign with. Each asks for one signature after the other, so a load needs several. */
  readonly keys: readonly TezosKey[];
  /** Seconds between its ssh client's probes, if they are not those of signer-host/ssh_config. */
  readonly probes?: number;
  /** The two halves of its ssh key. */
  readonly secret: string;
  readonly public: string;
};

/** A key that nobody holds. The bench's signers do not check keys. */
export type TezosKey = { readonly address: string; readonly publicKey: string };

export function makeTezosKey(): TezosKey {
  const { x } = generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" });
  const publicKey = b58Encode(Buffer.from(x as string, "base64url").toString("hex"), PrefixV2.Ed25519PublicKey);
  return { publicKey, address: addressOf(publicKey) };
}

/** The same of a tz4. */
export function makeTz4Key(): TezosKey {
  const publicKey = b58Encode(randomBytes(48).toString("hex"), PrefixV2.BLS12_381PublicKey);
  return { publicKey, address: addressOf(publicKey) };
}

/** The dev stack's signers, with the bench's own keys. */
export const home = devSigner("home", "ssh_ed25519", 8443, signerPort);
export const office = devSigner("office", "ssh_ecdsa", 8453, signerPort + 10);

/** The addresses of a signer's keys. */
export function addressesOf({ keys }: BenchSigner): string[] {
  return keys.map(({ address }) => address);
}

function devSigner(name: string, file: string, port: number, localPort: number): BenchSigner {
  const path = join(root, "signer-host/dev/keys", name, file);
  return {
    name,
    port,
    localPort,
    keys: Array.from({ length: 64 }, makeTezosKey),
    secret: readFileSync(path, "utf8"),
    public: readFileSync(`${path}.pub`, "utf8").trim(),
  };
}
