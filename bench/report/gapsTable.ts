import type { GapRow } from "../measure/gaps.ts";
import { table } from "./markdown.ts";
import type { Results } from "./results.ts";
import type { Target } from "./target.ts";

/** The table of the part `gaps`. */
export function gapsTable(rows: readonly GapRow[]): string {
  const sizes = [...new Set(rows.map(({ size }) => size))];
  const body = [...new Set(rows.map(({ kind }) => kind))].map((kind) => [
    kind,
    ...sizes.map((size) => {
      const row = rows.find((each) => each.kind === kind && each.size === size);
      return row ? `${seconds(row.medianGapMs)} / ${seconds(row.worstGapMs)}, ${row.lost} lost` : "";
    }),
  ]);
  const title =
    `What a fault costs: seconds from a request to the next signature of its key, median / worst of ` +
    `${Math.min(...rows.map(({ times }) => times))}, and the requests that never had a signature`;
  return `${title}:\n\n${table(["", ...sizes], body)}`;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(2);
}

/** The longest gaps in ms that a fault may make if there are two ways to a device. No request may be lost. */
const most: readonly (readonly [kind: string, ms: number])[] = [
  ["uplink cut", 500],
  ["forwarder pod deleted", 500],
  ["forwarder rolled out", 500],
  ["node cut", 1000],
  ["node drained", 500],
];

/** Targets for faults of one of two ways. */
export function gapsTargets({ gaps = [] }: Results): Target[] {
  return most.flatMap(([kind, ms]) => {
    const row = gaps.find((each) => each.kind === kind && each.size.startsWith("two"));
    if (!row) return [];
    return [
      {
        what: `${kind}, one of two: at most ${ms / 1000} s, and no request lost`,
        measured: `${seconds(row.worstGapMs)} s at most in ${row.times} times, ${row.lost} lost`,
        met: row.worstGapMs <= ms && row.lost === 0,
      },
    ];
  });
}
