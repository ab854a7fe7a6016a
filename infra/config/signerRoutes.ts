import { bakerRelease } from "../names/releaseNames.ts";
import type { BakerConfig, BakerKey } from "./config.ts";

/** The signers that hold a key, in the order in which they are asked for its signatures. */
export function signersOf({ signer }: Pick<BakerKey, "signer">): string[] {
  return typeof signer === "string" ? [signer] : signer;
}

/** The signer at whose Service a baker asks for a key's signatures: the first of the key's list. */
export function primarySigner(key: Pick<BakerKey, "signer">): string {
  return signersOf(key)[0] as string;
}

/** What the gateway does at a signer's port. */
type SignerRoute = {
  /** Addresses of the keys that it answers for. */
  readonly keys: readonly string[];
  /** The signers that are asked while this one is down, in this order. */
  readonly fallbacks: readonly string[];
  /** Helm releases of the bakers that may ask. */
  readonly bakers: readonly string[];
};

/** The route of a signer, from the bakers whose keys have that signer first: all of these have the same list. */
export function routeFor(signer: string, bakers: readonly Pick<BakerConfig, "name" | "keys">[]): SignerRoute {
  const served = bakers.flatMap((baker) =>
    baker.keys.filter((key) => primarySigner(key) === signer).map((key) => ({ baker: bakerRelease(baker.name), key })),
  );
  return {
    keys: served.map(({ key }) => key.address),
    fallbacks: served[0] ? signersOf(served[0].key).slice(1) : [],
    bakers: [...new Set(served.map(({ baker }) => baker))],
  };
}
