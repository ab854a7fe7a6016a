import { randomBytes } from "node:crypto";
import { numberBytes } from "./dalAttestation.ts";

// The bytes that a baker signs, exactly as in Tenderbake's encodings (protocols T and U, Octez v25.2).
// octez-signer and the Ledger app read chain, level and round from these bytes for their high watermark.

export type Kind = "block" | "preattestation" | "attestation";
export const magicByte: Readonly<Record<Kind, number>> = { block: 0x11, preattestation: 0x12, attestation: 0x13 };

export type Vote = {
  readonly chainId: Buffer;
  /** The block that the vote builds on: 32 bytes. */
  readonly branch: Buffer;
  readonly slot: number;
  readonly level: number;
  readonly round: number;
  readonly payloadHash: Buffer;
  /** What an attestation says of the DAL. Undefined without a DAL node. */
  readonly dal?: bigint;
};

/**
 * A vote. Delegates with a BLS key (tz4) leave the slot and the DAL out, so that all of them sign the
 * same bytes, and mark that with another tag.
 */
export function voteBytes(kind: "preattestation" | "attestation", vote: Vote, bls: boolean): Buffer {
  const hasDal = vote.dal !== undefined && kind === "attestation" && !bls;
  const tag = kind === "preattestation" ? (bls ? 40 : 20) : bls ? 41 : hasDal ? 23 : 21;
  return Buffer.concat([
    Buffer.of(magicByte[kind]),
    vote.chainId,
    vote.branch,
    Buffer.of(tag),
    ...(bls ? [] : [uint16(vote.slot)]),
    int32(vote.level),
    int32(vote.round),
    vote.payloadHash,
    ...(hasDal && vote.dal !== undefined ? [numberBytes(vote.dal)] : []),
  ]);
}

export type Block = {
  readonly chainId: Buffer;
  readonly level: number;
  readonly protocolLevel: number;
  readonly predecessor: Buffer;
  readonly predecessorRound: number;
  readonly timestampMs: number;
  readonly validationPasses: number;
  readonly operationsHash: Buffer;
  readonly round: number;
  readonly context: Buffer;
  readonly payloadHash: Buffer;
  /** The proof of work: 8 bytes. */
  readonly nonce: Buffer;
  /** The byte of the per-block votes. */
  readonly votes: number;
};

/** A block without a locked round and without a seed nonce. */
export function blockBytes(block: Block): Buffer {
  const timestamp = Buffer.alloc(8);
  timestamp.writeBigInt64BE(BigInt(Math.floor(block.timestampMs / 1000)));
  const predecessorRound = int32(-1 - block.predecessorRound);
  const fitness = [Buffer.of(2), int32(block.level), Buffer.alloc(0), predecessorRound, int32(block.round)];
  return Buffer.concat([
    Buffer.of(magicByte.block),
    block.chainId,
    int32(block.level),
    Buffer.of(block.protocolLevel),
    block.predecessor,
    timestamp,
    Buffer.of(block.validationPasses),
    block.operationsHash,
    sized(Buffer.concat(fitness.map(sized))),
    block.context,
    block.payloadHash,
    int32(block.round),
    block.nonce,
    Buffer.of(0),
    Buffer.of(block.votes),
  ]);
}

/** The parts of a block that differ from baker to baker. Nothing here reads them. */
export function freshContents() {
  return {
    operationsHash: randomBytes(32),
    context: randomBytes(32),
    payloadHash: randomBytes(32),
    nonce: randomBytes(8),
  };
}

function sized(bytes: Buffer): Buffer {
  return Buffer.concat([int32(bytes.length), bytes]);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}
