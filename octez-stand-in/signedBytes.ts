import { b58DecodeAndCheckPrefix, b58Encode, PrefixV2 } from "@taquito/utils";
import { type Kind, type Vote, voteBytes } from "./consensusBytes.ts";
import { readNumber } from "./dalAttestation.ts";

// What a baker injects, exactly as in Octez's encodings: the bytes that it signed, without the magic byte and the chain
// id that stand in front of them, and the signature (Octez's operation_repr.ml and block_header_repr.ml).

const beforeContents = 1 + 4;
/** The branch, and a vote with its slot. */
const voteLength = 32 + 1 + 2 + 4 + 4 + 32;
const signatureLength = 64;
/** A BLS signature has 96 bytes. Its first 32 are in front of the others, as an entry of the contents with two tags. */
const prefixTags = Buffer.of(0xff, 3);

/** A vote to inject. It has the slot, also if the key is a BLS key, which does not sign the slot. */
export function signedVote(kind: VoteKind, vote: Vote, signature: string): Buffer {
  const bytes = bytesOf(signature);
  const prefix = bytes.subarray(0, -signatureLength);
  return Buffer.concat([
    voteBytes(kind, vote, false).subarray(beforeContents),
    ...(prefix.length > 0 ? [prefixTags, prefix] : []),
    bytes.subarray(-signatureLength),
  ]);
}

/** A block header to inject, from the bytes that were signed. */
export function signedBlock(bytes: Buffer, signature: string): Buffer {
  return Buffer.concat([bytes.subarray(beforeContents), bytesOf(signature)]);
}

export type VoteKind = Exclude<Kind, "block">;

/** An injected vote. */
export type SignedVote = Omit<Vote, "chainId"> & { readonly kind: VoteKind; readonly signature: Buffer };

/** Reads an injected vote. Returns undefined for any other operation. */
export function readSignedVote(bytes: Buffer): SignedVote | undefined {
  const tag = bytes[32] ?? 0;
  const kind = ({ 20: "preattestation", 21: "attestation", 23: "attestation" } as const)[tag];
  const dal = tag === 23 ? readNumber(bytes.subarray(voteLength)) : undefined;
  const end = voteLength + (dal?.length ?? 0);
  const prefix = bytes.subarray(end, -signatureLength);
  const isBls = prefix.length === 34 && prefix.subarray(0, 2).equals(prefixTags);
  if (kind === undefined || !(prefix.length === 0 || isBls) || bytes.length < end + signatureLength) return;
  return {
    kind,
    branch: bytes.subarray(0, 32),
    slot: bytes.readUInt16BE(33),
    level: bytes.readInt32BE(35),
    round: bytes.readInt32BE(39),
    payloadHash: bytes.subarray(43, voteLength),
    ...(dal && { dal: dal.value }),
    signature: Buffer.concat([prefix.subarray(2), bytes.subarray(-signatureLength)]),
  };
}

/** The level and round of an injected block header. Throws a RangeError if the bytes are too short. */
export function readSignedBlock(bytes: Buffer): { level: number; round: number } {
  const fitnessOffset = 4 + 1 + 32 + 8 + 1 + 32;
  const fitnessEnd = fitnessOffset + 4 + bytes.readInt32BE(fitnessOffset);
  return { level: bytes.readInt32BE(0), round: bytes.readInt32BE(fitnessEnd - 4) };
}

/** A signature of any curve, as text. */
export function encodeSignature(bytes: Buffer): string {
  return b58Encode(bytes, bytes.length > signatureLength ? PrefixV2.BLS12_381Signature : PrefixV2.GenericSignature);
}

function bytesOf(signature: string): Buffer {
  const [bytes] = b58DecodeAndCheckPrefix(signature);
  return Buffer.from(bytes);
}
