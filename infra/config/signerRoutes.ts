import { chainIdOf, minimalBlockSecondsOf } from "../names/chains.ts";
import { bakerRelease } from "../names/releaseNames.ts";
import type { BakerConfig } from "./config.ts";
import { type BakerKey, keysOf } from "./delegateConfig.ts";

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
  /** The keys for which it answers, with what their baker's network tells the guard. */
  readonly keys: readonly { address: string; chainId?: string; minimalBlockSeconds: number }[];
  /** The signers to ask while this one is down, in this order. */
  readonly fallbacks: readonly string[];
  /** The Helm releases of the bakers that reach the port: those with a key that names the signer, first or later. */
  readonly bakers: readonly string[];
};

type RoutedBaker = Pick<BakerConfig, "name" | "delegates" | "network" | "chainId" | "minimalBlockSeconds">;

/** The route of a signer, from the keys that name it first. The config makes sure that these have the same list. */
export function routeFor(signer: string, bakers: readonly RoutedBaker[]): SignerRoute {
  const served = bakers.flatMap((baker) =>
    keysOf(baker)
      .filter((key) => primarySigner(key) === signer)
      .map((key) => ({ baker, key })),
  );
  return {
    keys: served.map(({ baker, key }) => {
      const { network, chainId = chainIdOf(network), minimalBlockSeconds = minimalBlockSecondsOf(network) } = baker;
      return { address: key.address, ...(chainId && { chainId }), minimalBlockSeconds };
    }),
    fallbacks: served[0] ? signersOf(served[0].key).slice(1) : [],
    bakers: bakers
      .filter((baker) => keysOf(baker).some((key) => signersOf(key).includes(signer)))
      .map(({ name }) => bakerRelease(name)),
  };
}
