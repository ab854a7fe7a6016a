import { Buffer } from "node:buffer";

/** For tests: the parts of a baker's request that a signer reads. */
export type Sample = {
  readonly chain?: number;
  readonly level: number;
  readonly round?: number;
  /** Makes two samples of one level and round differ, as a different payload does. */
  readonly filler?: number;
};

/** A block header to sign, with or without a locked round in its fitness. */
export function blockBytes({ chain = 1, level, round = 0, filler = 0 }: Sample, lockedRound?: number): Buffer {
  const locked = lockedRound === undefined ? [int32(0)] : [int32(4), int32(lockedRound)];
  const fitness = Buffer.concat([
    ...[int32(1), Buffer.of(2)],
    ...[int32(4), int32(level)],
    ...locked,
    ...[int32(4), int32(-1)],
    ...[int32(4), int32(round)],
  ]);
  const beforeFitness = Buffer.concat([Buffer.alloc(1 + 32 + 8 + 1, filler), Buffer.alloc(32, filler)]);
  return Buffer.concat([
    ...[Buffer.of(0x11), int32(chain), int32(level)],
    ...[beforeFitness, int32(fitness.length), fitness],
    Buffer.alloc(32 + 40, filler),
  ]);
}

/** A preattestation (0x12) or an attestation (0x13) to sign; for a tz4 key it has no slot. */
export function voteBytes(magicByte: 0x12 | 0x13, sample: Sample, isBls = false): Buffer {
  const { chain = 1, level, round = 0, filler = 0 } = sample;
  return Buffer.concat([
    ...[Buffer.of(magicByte), int32(chain), Buffer.alloc(32, filler)],
    ...[Buffer.of(magicByte === 0x12 ? 20 : 21), Buffer.alloc(isBls ? 0 : 2, 7)],
    ...[int32(level), int32(round), Buffer.alloc(32, filler)],
  ]);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}
