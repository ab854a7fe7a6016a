import type { Sample } from "./exposition.ts";

/**
 * A quantile of a histogram, as PromQL's `histogram_quantile` computes it: even within a bucket.
 *
 * `buckets` are the samples of `…_bucket`; several series, such as those of several keys, are added up. Beyond the highest
 * finite bound the quantile is that bound. Returns undefined if nothing was observed.
 */
export function quantileOf(quantile: number, buckets: readonly Sample[]): number | undefined {
  const counts = new Map<number, number>();
  for (const { labels, value } of buckets) {
    const bound = labels.le === "+Inf" ? Number.POSITIVE_INFINITY : Number(labels.le);
    counts.set(bound, (counts.get(bound) ?? 0) + value);
  }
  const bounds = [...counts].sort(([a], [b]) => a - b);
  const total = bounds.at(-1)?.[1] ?? 0;
  if (total === 0) return undefined;
  const rank = quantile * total;
  const at = bounds.findIndex(([, count]) => count >= rank);
  const [bound, count] = bounds[at] as [number, number];
  const [lower, below] = bounds[at - 1] ?? [0, 0];
  if (bound === Number.POSITIVE_INFINITY) return lower;
  return count === below ? bound : lower + ((bound - lower) * (rank - below)) / (count - below);
}
