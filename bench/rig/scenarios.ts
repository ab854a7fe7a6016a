import type { LoadOptions } from "./traffic.ts";

/** The properties of a load that distinguish one cell of the results from another. */
export type Cell = Pick<LoadOptions, "what" | "fresh" | "connections"> & {
  /** Seconds from one signature to the next. */
  readonly pause: number;
};

/** A cell, and how to measure it. */
export type PlannedCell = Cell & {
  readonly seconds: number;
  readonly repetitions: number;
  /** Whether all variants may be measured at the same time. A load that waits for the link leaves the machine idle. */
  readonly together: boolean;
};

const kinds = ["signature", "post"] as const;

/** The cells to measure over a link with this round trip, in order. A `scale` below 1 shortens them. */
export function cellsFor(rtt: number, scale: number): PlannedCell[] {
  const times = scale < 1 ? 1 : 3;
  const each = <T>(values: readonly T[], make: (fresh: boolean, value: T) => PlannedCell): PlannedCell[] =>
    [false, true].flatMap((fresh) => values.map((value) => make(fresh, value)));
  if (rtt === 0) {
    return [1, 16].flatMap((connections) =>
      each(kinds, (fresh, what) => {
        return { what, fresh, connections, pause: 0, seconds: 0.5 * scale, repetitions: times, together: false };
      }),
    );
  }
  // Long enough that one hundredth of the round trips is more than one.
  const seconds = Math.max(4, rtt / 15) * scale;
  return [
    ...each(kinds, (fresh, what) => {
      return { what, fresh, connections: 1, pause: 0, seconds, repetitions: 1, together: true };
    }),
    ...each(["signature"] as const, (fresh, what) => {
      return { what, fresh, connections: 16, pause: 0, seconds: 2 * scale, repetitions: 1, together: false };
    }),
    // The pace of a baker: two votes in each level of 6 s.
    { what: "signature", fresh: true, connections: 1, pause: 3, seconds: 30 * scale, repetitions: 1, together: true },
  ];
}
