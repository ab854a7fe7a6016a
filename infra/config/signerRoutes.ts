import { bakerRelease } from "../names/releaseNames.ts";
import type { BakerConfig, BakerKey } from "./config.ts";

/** The signers that hold a key, in the order in which the gateway asks them. */
export function signersOf({ signer }: Pick<BakerKey, "signer">): string[] {
  return typeof signer === "string" ? [signer] : signer;
}

/** The first signer in a key's list. The baker requests the key's signatures from its Service. */
export function primarySigner(key: Pick<BakerKey, "signer">): string {
  return signersOf(key)[0] as string;
}

/** The gateway's settings for one signer's port. */
type SignerRoute = {
  /** The addresses of the keys for which it answers. */
  readonly keys: readonly string[];
  /** The signers to ask while this one is down, in this order. */
  readonly fallbacks: readonly string[];
  /** The Helm releases of the bakers that may ask. */
  readonly bakers: readonly string[];
};

/** The route of a signer, from the keys that name it first. The config makes sure that these have the same list. */
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
