/** Reads ssh's wire form: 32-bit numbers, and strings after their length (RFC 4251, section 5). */
export class WireReader {
  private readonly bytes: Buffer;
  private readonly failure: Error;
  private at = 0;

  constructor(bytes: Buffer, failure: Error) {
    this.bytes = bytes;
    this.failure = failure;
  }

  number(): number {
    return this.take(4).readUInt32BE();
  }

  string(): Buffer {
    return this.take(this.number());
  }

  /** Reads a non-negative number of any length. */
  integer(): bigint {
    const bytes = this.string();
    if ((bytes[0] ?? 0) & 0x80) throw this.failure;
    return integerFrom(bytes);
  }

  rest(): Buffer {
    return this.bytes.subarray(this.at);
  }

  private take(length: number): Buffer {
    if (this.at + length > this.bytes.length) throw this.failure;
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
}

/** Writes ssh's wire form. A number becomes the shortest string that holds it, as ssh itself writes it. */
export function wire(...parts: (string | Buffer | bigint)[]): Buffer {
  return Buffer.concat(
    parts.flatMap((part) => {
      const bytes = typeof part === "bigint" ? signed(part) : Buffer.from(part as string);
      return [uint32(bytes.length), bytes];
    }),
  );
}

/** Writes a number as four bytes, the highest first. */
export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Reads a number from bytes, the highest first. */
export function integerFrom(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString("hex") || "0"}`);
}

/** Writes a number as bytes, the highest first, at least `least` of them. */
export function bytesOf(value: bigint, least = 0): Buffer {
  const hex = value.toString(16);
  return Buffer.from(hex.padStart(Math.max(hex.length + (hex.length % 2), least * 2), "0"), "hex");
}

/** How many bits a number has. */
export function bitsOf(value: bigint): number {
  return value === 0n ? 0 : value.toString(2).length;
}

/** Writes RFC 4251's mpint. Its first bit would be a sign, and zero has no bytes. */
function signed(value: bigint): Buffer {
  if (value === 0n) return Buffer.alloc(0);
  const bytes = bytesOf(value);
  return (bytes[0] as number) & 0x80 ? Buffer.concat([Buffer.alloc(1), bytes]) : bytes;
}
