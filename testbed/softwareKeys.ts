import { InMemorySigner } from "@taquito/signer";
import { b58Encode, PrefixV2 } from "@taquito/utils";

/** A key for tests, with its secret half and, if it is a tz4, its proof of possession. Anybody can make the same. */
export type SoftwareKey = {
  readonly address: string;
  readonly publicKey: string;
  readonly secretKey: string;
  readonly proof?: string;
};

/** Makes a key from a small number, which is its secret. */
export async function softwareKey(kind: "tz1" | "tz4", number: number): Promise<SoftwareKey> {
  const prefix = kind === "tz4" ? PrefixV2.BLS12_381SecretKey : PrefixV2.Ed25519Seed;
  const secretKey = b58Encode(Buffer.alloc(32, number), prefix);
  const signer = new InMemorySigner(secretKey);
  const proof = kind === "tz4" ? { proof: (await signer.provePossession()).prefixSig } : {};
  return { address: await signer.publicKeyHash(), publicKey: await signer.publicKey(), secretKey, ...proof };
}
