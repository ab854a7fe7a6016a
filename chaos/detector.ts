/** A signature that a device has made. */
export type Signature = {
  readonly device: string;
  readonly address: string;
  readonly chain: string;
  readonly kind: string;
  readonly level: number;
  readonly round: number;
  /** A digest of the bytes. */
  readonly digest: string;
};

/** A place of a chain for which there are signatures of different bytes. */
type Place = { readonly where: string; readonly digests: readonly string[] };

/** The places that were signed twice with different bytes. */
export type SignedTwice = {
  /** By one device, which its own watermark should prevent. */
  readonly byDevice: readonly Place[];
  /** By all devices of a key together, which have no watermark in common. */
  readonly byKey: readonly Place[];
};

/** Finds what was signed twice with different bytes. The same bytes again are no danger. */
export function signedTwice(signatures: readonly Signature[]): SignedTwice {
  const place = ({ address, chain, kind, level, round }: Signature): string =>
    `${address}: ${kind} of level ${level}, round ${round}, of chain ${chain}`;
  return {
    byDevice: doubled(signatures, (signature) => `${signature.device}, ${place(signature)}`),
    byKey: doubled(signatures, place),
  };
}

function doubled(signatures: readonly Signature[], whereOf: (signature: Signature) => string): Place[] {
  const places = new Map<string, Set<string>>();
  for (const signature of signatures) {
    const where = whereOf(signature);
    places.set(where, (places.get(where) ?? new Set()).add(signature.digest));
  }
  return [...places]
    .filter(([, digests]) => digests.size > 1)
    .map(([where, digests]) => ({ where, digests: [...digests] }));
}
