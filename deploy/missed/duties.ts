import type { LevelFacts } from "./chainReader.ts";

/** A signature that a key had the right to, and that had a place on the chain. */
export type Duty = {
  readonly key: string;
  readonly kind: "attestation" | "block";
  readonly level: number;
  readonly round: number;
  /** When it could be asked for at the earliest, and when it was too late for it, in Unix milliseconds. */
  readonly fromMs: number;
  readonly untilMs: number;
  readonly isOnChain: boolean;
};

/**
 * The duties of a level.
 *
 * - Each key with rights attests the block that the level got. The next block has room for it.
 * - A key bakes in its rounds up to the round of that block. A block of an earlier round is on no chain.
 */
export function dutiesOf({ level, timeMs, nextMs, round, rights, attested, roundTimes }: LevelFacts): Duty[] {
  return rights.flatMap(({ key, slot, rounds }): Duty[] => {
    const attestation: Duty = {
      ...{ key, kind: "attestation", level, round, fromMs: timeMs, untilMs: nextMs, isOnChain: attested.has(slot) },
    };
    const blocks = rounds
      .filter((each) => each <= round)
      .map((each): Duty => {
        const fromMs = roundTimes.get(each) ?? timeMs;
        const untilMs = roundTimes.get(each + 1) ?? nextMs;
        return { key, kind: "block", level, round: each, fromMs, untilMs, isOnChain: each === round };
      });
    return [...blocks, attestation];
  });
}
