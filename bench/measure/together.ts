import { median, rounded } from "../base/statistics.ts";
import { Link } from "../rig/link.ts";
import { type LoadResult, together } from "../rig/traffic.ts";
import type { Open, Variant } from "../variants/variant.ts";

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
    const link = new Link(rtt);
    const open: { variant: string; open: Open }[] = [];
    try {
      for (const variant of variants) open.push({ variant: variant.name, open: await variant.open(link) });
      for (const keys of keyCounts) rows.push(...(await measureKeys(open, rtt, keys, scale)));
    } finally {
      for (const each of open) await each.open.close();
      await link.close();
    }
  }
  return rows;
}

async function measureKeys(
  variants: readonly { variant: string; open: Open }[],
  rtt: number,
  keys: number,
  scale: number,
): Promise<TogetherRow[]> {
  const results = new Map<string, LoadResult[]>(variants.map(({ variant }) => [variant, []]));
  for (let n = 0; n < (scale < 1 || rtt > 0 ? 1 : 3); n++) {
    // No variant is always first, so that the machine's drift affects all alike.
    for (const { variant, open } of [...variants.slice(n), ...variants.slice(0, n)]) {
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
