import { median, rounded } from "../base/statistics.ts";
import { type LoadResult, together } from "../rig/traffic.ts";
import type { Variant } from "../variants/variant.ts";
import { inTurn, type Opened, overLink } from "./opened.ts";

/** The numbers of keys that ask at once. */
const keyCounts = [1, 4, 10] as const;

/** How long it takes until the last of a baker's keys has its signature, by one way. Times are in milliseconds. */
export type TogetherRow = {
  readonly rtt: number;
  readonly keys: number;
  readonly variant: string;
  readonly p50: number;
  readonly p99: number;
  /** The number of times that all keys asked, in all repetitions. */
  readonly count: number;
  readonly errors: number;
};

/** Measures a baker's own pattern: all keys at once, each with a GET and a POST over connections of its own. */
export async function measureTogether(
  variants: readonly Variant[],
  rtts: readonly number[],
  scale: number,
  progress: (line: string) => void,
): Promise<TogetherRow[]> {
  const rows: TogetherRow[] = [];
  for (const rtt of rtts) {
    progress(`baker: a link of ${rtt} ms`);
    await overLink(variants, rtt, async (opened) => {
      for (const keys of keyCounts) rows.push(...(await measureKeys(opened, rtt, keys, scale)));
    });
  }
  return rows;
}

async function measureKeys(
  variants: readonly Opened[],
  rtt: number,
  keys: number,
  scale: number,
): Promise<TogetherRow[]> {
  const results = new Map<string, LoadResult[]>(variants.map(({ variant }) => [variant, []]));
  for (let n = 0; n < (scale < 1 || rtt > 0 ? 1 : 3); n++) {
    for (const { variant, open } of inTurn(variants, n)) {
      results.get(variant)?.push(await together(open.signerAddress, keys, (rtt === 0 ? 1 : 5) * scale));
    }
  }
  return [...results].map(([variant, each]) => ({
    ...{ rtt, keys, variant },
    p50: rounded(median(each.map(({ p50 }) => p50))),
    p99: rounded(median(each.map(({ p99 }) => p99))),
    count: each.reduce((sum, { count }) => sum + count, 0),
    errors: each.reduce((sum, { errors }) => sum + errors, 0),
  }));
}
