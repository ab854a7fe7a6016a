import * as z from "zod";
import type { Payload } from "./payload.ts";
import { Refusal } from "./refusal.ts";

/**
 * The highest level and round that one key has signed for one kind on one chain. `hash` is the BLAKE2b-256 of the
 * signed bytes in hex. `signature` may be missing from a file that was made by hand to raise the mark.
 */
export const markSchema = z.strictObject({
  level: z.int32(),
  round: z.int32(),
  hash: z.string().regex(/^[0-9a-f]{64}$/, "wanted 64 hex digits"),
  signature: z.string().optional(),
});

export type Mark = z.infer<typeof markSchema>;

/**
 * Checks whether these bytes may be signed, given the key's present mark. Returns the recorded signature if they are
 * the very bytes of the mark (a baker that lost the answer asks again), and undefined if they are above it and need a
 * signature. Throws a Refusal for everything else, as octez-signer does (`check_mark` in Octez's
 * `src/bin_signer/handler.ml`).
 */
export function checkMark(mark: Mark | undefined, { kind, level, round }: Payload, hash: string): string | undefined {
  if (mark === undefined || level > mark.level || (level === mark.level && round > mark.round)) {
    return undefined;
  }
  const isSigned = mark.signature !== undefined;
  if (level < mark.level) {
    throw new Refusal(`${kind} level ${level} ${isSigned ? "below" : "not above"} high watermark ${mark.level}`);
  }
  if (round < mark.round || !isSigned) {
    const highest = `(${mark.level},${isSigned ? "" : " "}${mark.round})`;
    throw new Refusal(`${kind} level ${level} and round ${round} not above high watermark ${highest}`);
  }
  if (hash !== mark.hash) {
    throw new Refusal(`${kind} level ${level} and round ${round} already signed with different data`);
  }
  return mark.signature;
}
