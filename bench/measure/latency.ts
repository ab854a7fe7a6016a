import { median, rounded } from "../base/statistics.ts";
import { type Cell, cellsFor, type PlannedCell } from "../rig/scenarios.ts";
import { type LoadResult, load } from "../rig/traffic.ts";
import type { Variant } from "../variants/variant.ts";
import { inTurn, type Opened, overLink } from "./opened.ts";

/** One variant's results in one cell: medians of the repetitions, with times in milliseconds. */
export type LatencyRow = Cell & {
  readonly rtt: number;
  readonly variant: string;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number | null;
  readonly perSecond: number;
  /** The number of signatures, or POSTs, in all repetitions. */
  readonly count: number;
  readonly errors: number;
  readonly cause?: string;
};

type Progress = (line: string) => void;

/** Measures all variants over links with these round trips, cell by cell, each variant in each repetition of a cell. */
export async function measureLatency(
  variants: readonly Variant[],
  rtts: readonly number[],
  scale: number,
  progress: Progress,
): Promise<LatencyRow[]> {
  const rows: LatencyRow[] = [];
  for (const rtt of rtts) {
    progress(`latency: a link of ${rtt} ms`);
    await overLink(variants, rtt, async (opened) => {
      for (const cell of cellsFor(rtt, scale)) rows.push(...(await measureCell(opened, rtt, cell)));
    });
  }
  return rows;
}

async function measureCell(
  variants: readonly Opened[],
  rtt: number,
  { what, fresh, connections, pause, seconds, repetitions, together }: PlannedCell,
): Promise<LatencyRow[]> {
  const results = new Map<string, LoadResult[]>(variants.map(({ variant }) => [variant, []]));
  const measure = async ({ variant, open }: Opened): Promise<void> => {
    const warm = pause > 0 ? 1 : 3;
    results.get(variant)?.push(await load(open.signerAddress, { what, fresh, connections, pause, seconds, warm }));
  };
  for (let n = 0; n < repetitions; n++) {
    const order = inTurn(variants, n);
    if (together) await Promise.all(order.map(measure));
    else for (const each of order) await measure(each);
  }
  return [...results].map(([variant, each]) => ({ rtt, what, fresh, connections, pause, variant, ...middle(each) }));
}

function middle(results: readonly LoadResult[]) {
  const of = (pick: (result: LoadResult) => number): number => rounded(median(results.map(pick)));
  const p999 = results.map((result) => result.p999).filter((value) => value !== null);
  const cause = results.find((result) => result.cause !== undefined)?.cause;
  return {
    p50: of((result) => result.p50),
    p99: of((result) => result.p99),
    p999: p999.length === results.length ? rounded(median(p999)) : null,
    perSecond: of((result) => result.perSecond),
    count: results.reduce((sum, { count }) => sum + count, 0),
    errors: results.reduce((sum, { errors }) => sum + errors, 0),
    ...(cause !== undefined && { cause }),
  };
}
