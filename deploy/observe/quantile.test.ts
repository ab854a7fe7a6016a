import assert from "node:assert/strict";
import { test } from "node:test";
import type { Sample } from "./exposition.ts";
import { quantileOf } from "./quantile.ts";

const series = (counts: Record<string, number>): Sample[] =>
  Object.entries(counts).map(([le, value]) => ({ name: "a_bucket", labels: { le }, value }));

const cases: readonly [string, number, Sample[], number | undefined][] = [
  ["is even within a bucket", 0.5, series({ "0.1": 0, "0.2": 10, "+Inf": 10 }), 0.15],
  ["begins at zero in the first bucket", 0.5, series({ "0.1": 10, "+Inf": 10 }), 0.05],
  ["is the highest bound if it lies beyond", 0.99, series({ "0.1": 1, "6": 2, "+Inf": 100 }), 6],
  [
    "adds the series of several keys",
    0.75,
    [...series({ "1": 4, "2": 4, "+Inf": 4 }), ...series({ "1": 0, "2": 4, "+Inf": 4 })],
    1.5,
  ],
  ["is a bucket's bound where the ranks end", 1, series({ "1": 5, "2": 10, "4": 10, "+Inf": 10 }), 2],
  ["is unknown if nothing was observed", 0.5, series({ "1": 0, "+Inf": 0 }), undefined],
  ["is unknown without buckets", 0.5, [], undefined],
];
for (const [what, quantile, buckets, wanted] of cases) {
  test(`a quantile ${what}`, () => {
    const got = quantileOf(quantile, buckets);
    assert.equal(got === undefined ? got : Math.round(got * 1e9) / 1e9, wanted);
  });
}
