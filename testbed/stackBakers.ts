/** A key of a baker in a stack's config. */
export type KeySetting = { name: string; address: string; publicKey: string; signer: string | string[] };
/** A delegate in a stack's config. */
export type DelegateSetting = {
  address: string;
  keys: { consensus: KeySetting[]; companion?: KeySetting[] };
};
/** A baker in a stack's config. */
export type BakerSetting = { name: string; delegates: DelegateSetting[]; [key: string]: unknown };

/** A delegate that signs with its own key. */
export function delegateOf(key: KeySetting): DelegateSetting {
  return { address: key.address, keys: { consensus: [key] } };
}

/** Leaves the first delegate of the first baker, with changes to its key. */
export function keepFirstDelegate(bakers: readonly BakerSetting[], change: Partial<KeySetting> = {}): void {
  const [baker] = bakers;
  const [delegate] = baker?.delegates ?? [];
  const [key] = delegate?.keys.consensus ?? [];
  if (!baker || !delegate || !key) throw new Error("found a stack without a baker's key, wanted one");
  baker.delegates = [{ ...delegate, keys: { consensus: [{ ...key, ...change }] } }];
}

/**
 * Gives the first baker and its node a share of the CPU that is theirs whatever else runs on the machine. With the
 * development stack's small requests, which are weights too, a pod that starts beside them costs them votes.
 */
export function giveCpu([baker]: readonly BakerSetting[]): void {
  if (!baker) throw new Error("found a stack without a baker, wanted one");
  const resources = baker.resources as Record<string, { requests: Record<string, string> }>;
  for (const name of ["node", "baker"]) Object.assign(resources[name]?.requests ?? {}, { cpu: "500m" });
}

/**
 * The levels that a baker has attested, by the lines of its log: one for each key that did. Only these keys count, by
 * their names, if any is given.
 */
export function attestedLevels(lines: readonly string[], ...keys: readonly string[]): number[] {
  const signed = new RegExp(`^(?:${keys.join("|") || "[^:]+"}): signed attestation level (\\d+) in \\d+ ms$`);
  return lines.flatMap((line) => signed.exec(line)?.[1] ?? []).map(Number);
}
