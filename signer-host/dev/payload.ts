import { b58Encode, PrefixV2 } from "@taquito/utils";
import { OcamlException, outOfBounds, Refusal } from "./refusal.ts";

export type Kind = "block" | "preattestation" | "attestation";

/** The kinds of bytes that a baker signs, by their first byte (octez-signer's `--magic-bytes 0x11,0x12,0x13`). */
const kinds: ReadonlyMap<number, Kind> = new Map([
  [0x11, "block"],
  [0x12, "preattestation"],
  [0x13, "attestation"],
]);

/** What a high watermark records. `chainId` is `Net…`. Level and round are those of the block proposed or voted for. */
export type Payload = {
  readonly kind: Kind;
  readonly chainId: string;
  readonly level: number;
  readonly round: number;
};

/**
 * Reads level and round from the bytes to sign, at the positions where octez-signer reads them. `isBls` says that the
 * signing key is a tz4, whose votes leave out the slot so that they can be aggregated. Throws a Refusal if the first
 * byte is not one of baking or the bytes are too short, and an OcamlException if there are no bytes.
 *
 * Layouts (Octez, `src/bin_signer/handler.ml`, module High_watermark; all integers big-endian):
 * - all: magic byte (1), chain id (4)
 * - block: then the shell header: level (4), protocol number (1), predecessor (32), timestamp (8), validation
 *   passes (1), operations hash (32), fitness as length (4) and that many bytes, of which the last four are the round
 * - votes: then branch (32), kind (1), slot (2, not for tz4), level (4), round (4)
 */
export function readPayload(bytes: Uint8Array, isBls: boolean): Payload {
  const kind = kindOf(bytes);
  if (bytes.length < 9) {
    throw new Refusal(`byte sequence too short to be ${kind === "attestation" ? "an" : "a"} ${kind}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    const { level, round } = kind === "block" ? inBlock(view) : inVote(view, isBls);
    return { kind, chainId: b58Encode(bytes.subarray(1, 5), PrefixV2.ChainID), level, round };
  } catch (error) {
    if (error instanceof RangeError) {
      const what =
        kind === "block" ? `a Tenderbake block: ${outOfBounds}` : `an attestation or preattestation (${outOfBounds})`;
      throw new Refusal(`Failed to retrieve level and round of ${what}`);
    }
    throw error;
  }
}

/** Reads the first byte alone, and throws what readPayload throws for it. */
export function kindOf(bytes: Uint8Array): Kind {
  const magicByte = bytes[0];
  if (magicByte === undefined) {
    throw new OcamlException(outOfBounds);
  }
  const kind = kinds.get(magicByte);
  if (kind === undefined) {
    throw new Refusal(`magic byte 0x${magicByte.toString(16).toUpperCase().padStart(2, "0")} not allowed`);
  }
  return kind;
}

const afterChainId = 1 + 4;
const fitnessOffset = afterChainId + 4 + 1 + 32 + 8 + 1 + 32;

function inBlock(view: DataView): { level: number; round: number } {
  const level = view.getInt32(afterChainId);
  const fitnessEnd = fitnessOffset + 4 + view.getInt32(fitnessOffset);
  return { level, round: view.getInt32(fitnessEnd - 4) };
}

function inVote(view: DataView, isBls: boolean): { level: number; round: number } {
  const levelOffset = afterChainId + 32 + 1 + (isBls ? 0 : 2);
  return { level: view.getInt32(levelOffset), round: view.getInt32(levelOffset + 4) };
}
