import { rounded } from "../base/statistics.ts";
import { attest, type SignerAddress } from "../rig/traffic.ts";
import type { Variant } from "../variants/variant.ts";
import { overLink } from "./opened.ts";

/** How long an attestation with two signatures takes, over a link. Times are in milliseconds. */
export type AttestationRow = {
  readonly variant: string;
  readonly rtt: number;
  readonly p50: number;
  readonly p99: number;
  readonly count: number;
  readonly errors: number;
};

/** Measures attestations with a consensus key and a companion key, one variant after the other. */
export async function measureAttestations(
  variants: readonly Variant[],
  keys: SignerAddress["keys"],
  rtts: readonly number[],
  seconds: number,
  progress: (line: string) => void,
): Promise<AttestationRow[]> {
  const rows: AttestationRow[] = [];
  for (const rtt of rtts) {
    progress(`bakers: attestations with a companion key over a link of ${rtt} ms`);
    await overLink(variants, rtt, async (opened) => {
      for (const { variant, open } of opened) {
        const { p50, p99, count, errors } = await attest({ ...open.signerAddress, keys }, seconds);
        rows.push({ variant, rtt, p50: rounded(p50), p99: rounded(p99), count, errors });
      }
    });
  }
  return rows;
}
