/** A slot of the DAL: the level at which it was published, and its place there. */
export type SlotId = { readonly slot_level: number; readonly slot_index: number };

/** How many levels after its publication a slot may be attested (ATTESTATION_LAGS of protocol U). */
export const attestationLags = [1, 2, 3, 4, 5];

/**
 * What an attestation says of the DAL: a bit for each lag that has slots, and for each of those the slots in chunks of
 * seven, each behind a bit that says whether it is the lag's last
 * (src/proto_025_PsUshuai/lib_protocol/dal_attestations_repr.mli). `level` is the attestation's, one below the block
 * that has it.
 */
export function dalAttestation(slots: readonly SlotId[], level: number): bigint {
  let bits = 0n;
  let end = attestationLags.length;
  for (const [index, lag] of attestationLags.entries()) {
    const indices = slots.filter(({ slot_level }) => slot_level === level + 1 - lag).map((slot) => slot.slot_index);
    if (indices.length === 0) continue;
    bits |= 1n << BigInt(index);
    const chunks = Math.floor(Math.max(...indices) / 7) + 1;
    for (const slot of indices) bits |= 1n << BigInt(end + 8 * Math.floor(slot / 7) + 1 + (slot % 7));
    bits |= 1n << BigInt(end + 8 * (chunks - 1));
    end += 8 * chunks;
  }
  return bits;
}

/**
 * A number as Octez writes it (`Data_encoding.z`): seven bits a byte, the lowest first, and a bit that says that more
 * follow. The first byte has a bit less, which would be the sign.
 */
export function numberBytes(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (let size = 6n; bytes.length === 0 || rest > 0n; size = 7n) {
    const low = Number(rest & ((1n << size) - 1n));
    rest >>= size;
    bytes.push(low | (rest > 0n ? 128 : 0));
  }
  return Buffer.from(bytes);
}

/** Reads such a number from the start of bytes. Returns undefined if it does not end, or is negative. */
export function readNumber(bytes: Buffer): { value: bigint; length: number } | undefined {
  const last = bytes.findIndex((byte) => byte < 128);
  const [first = 0, ...others] = bytes.subarray(0, last + 1);
  if (last < 0 || first & 64) return undefined;
  const high = others.reduceRight((sum, byte) => (sum << 7n) | BigInt(byte & 127), 0n);
  return { value: (high << 6n) | BigInt(first & 63), length: last + 1 };
}
