import type { BakerConfig, BakerKey } from "./config.ts";

/** The signers that hold a key, in the order in which they are asked for its signatures. */
export function signersOf({ signer }: Pick<BakerKey, "signer">): string[] {
  return typeof signer === "string" ? [signer] : signer;
}

/** The signer at whose listener the baker asks for a key's signatures: its first. */
export function listenerOf(key: Pick<BakerKey, "signer">): string {
  return signersOf(key)[0] as string;
}

/** The name of a baker's objects, and what its pod is selected by. */
export function releaseOf({ name }: Pick<BakerConfig, "name">): string {
  return `baker-${name}`;
}

/** What a signer's listener does: which keys it answers for, who else is asked where the signer is not there, and who may ask it. */
export type Listener = {
  readonly keys: readonly string[];
  readonly fallbacks: readonly string[];
  /** Names of bakers' objects. */
  readonly bakers: readonly string[];
};

/** The listener of a signer, from the bakers whose keys have that signer first: all of these have the same list. */
export function listenerFor(signer: string, bakers: readonly Pick<BakerConfig, "name" | "keys">[]): Listener {
  const served = bakers.flatMap((baker) =>
    baker.keys.filter((key) => listenerOf(key) === signer).map((key) => ({ baker: releaseOf(baker), key })),
  );
  return {
    keys: served.map(({ key }) => key.address),
    fallbacks: served[0] ? signersOf(served[0].key).slice(1) : [],
    bakers: [...new Set(served.map(({ baker }) => baker))],
  };
}
