import { chainIdOf, minimalBlockSecondsOf } from "../names/chains.ts";
import { bakerRelease } from "../names/releaseNames.ts";
import type { OutsideBakerConfig } from "./bakerConfig.ts";
import type { BakerConfig } from "./config.ts";
import { type BakerKey, keysOf } from "./delegateConfig.ts";
import type { SignerConfig } from "./signerConfig.ts";

/** The signers that hold a key, in the order in which the gateway asks them. */
export function signersOf({ signer }: Pick<BakerKey, "signer">): string[] {
  return typeof signer === "string" ? [signer] : signer;
}

/** The first signer in a key's list. The baker's router takes requests for the key at this signer's port. */
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
  /** The addresses from which bakers outside of the stack reach the port. */
  readonly sourceRanges?: readonly string[];
};

/** What a baker's router is told of one signer. */
type RouterSigner = Pick<SignerConfig, "name" | "port" | "answerSeconds"> &
  Partial<Pick<SignerRoute, "keys" | "fallbacks">>;

type RoutedBaker = Pick<BakerConfig, "name" | "delegates" | "network" | "chainId" | "minimalBlockSeconds">;

/**
 * The route of a signer, from the keys that name it first. The config makes sure that these have the same list.
 *
 * `outside` are the bakers that run outside of the stack.
 */
export function routeFor(
  signer: string,
  bakers: readonly RoutedBaker[],
  outside: readonly (RoutedBaker & Pick<OutsideBakerConfig, "sourceRanges">)[] = [],
): SignerRoute {
  const served = [...bakers, ...outside].flatMap((baker) =>
    keysOf(baker)
      .filter((key) => primarySigner(key) === signer)
      .map((key) => ({ baker, key })),
  );
  const sourceRanges = [
    ...new Set(outside.filter((baker) => asks(baker, signer)).flatMap((baker) => baker.sourceRanges)),
  ];
  return {
    keys: served.map(({ baker, key }) => {
      const { network, chainId = chainIdOf(network), minimalBlockSeconds = minimalBlockSecondsOf(network) } = baker;
      return { address: key.address, ...(chainId && { chainId }), minimalBlockSeconds };
    }),
    fallbacks: served[0] ? signersOf(served[0].key).slice(1) : [],
    bakers: bakers.filter((baker) => asks(baker, signer)).map(({ name }) => bakerRelease(name)),
    ...(sourceRanges.length > 0 && { sourceRanges }),
  };
}

/** Whether a key of a baker names a signer, first or later. */
export function asks(baker: Pick<RoutedBaker, "delegates">, signer: string): boolean {
  return keysOf(baker).some((key) => signersOf(key).includes(signer));
}

/** What a baker's router is told: whose it is, the host names of the forwarder's replicas, and the signers. */
export function routerOf(baker: RoutedBaker, signers: readonly SignerConfig[], replicas: readonly string[]) {
  return { baker: baker.name, replicas, signers: routerSignersOf(baker, signers) };
}

/** The signers of a baker's keys, as their first one or a later one, with what the baker's router is told of each. */
export function routerSignersOf(baker: RoutedBaker, signers: readonly SignerConfig[]): RouterSigner[] {
  const used = new Set(keysOf(baker).flatMap(signersOf));
  return signers
    .filter(({ name }) => used.has(name))
    .map(({ name, port, answerSeconds }) => {
      const { keys, fallbacks } = routeFor(name, [baker]);
      return {
        ...{ name, port, answerSeconds },
        ...(keys.length > 0 && { keys }),
        ...(fallbacks.length > 0 && { fallbacks }),
      };
    });
}
