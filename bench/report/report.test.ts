import assert from "node:assert/strict";
import { test } from "node:test";
import { median } from "../base/statistics.ts";
import type { LatencyRow } from "../measure/latency.ts";
import { cellsFor } from "../rig/scenarios.ts";
import { plainSsh, ratholeNoise, signerForwarder, withRouter } from "../variants/variant.ts";
import { plot } from "./plot.ts";
import type { Results } from "./results.ts";
import { report } from "./table.ts";
import { targetsOf } from "./targets.ts";

const reference = plainSsh("10.0");
const results: Results = {
  date: "2026-11-26T04:00:00.000Z",
  machine: { processor: "x", cores: 2, memoryGiB: 4, kernel: "6", system: "Debian", node: "v24", commit: "abc" },
  versions: { bore: "0.6.0" },
  reference,
};

function row(variant: string, p50: number, changes: Partial<LatencyRow> = {}): LatencyRow {
  const cell = { rtt: 0, what: "signature", fresh: false, connections: 1, pause: 0 } as const;
  return { ...cell, variant, p50, p99: 2 * p50, p999: null, perSecond: 1 / p50, count: 10, errors: 0, ...changes };
}

test("the middle of some numbers is the middle one, or the mean of two", () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  assert.ok(Number.isNaN(median([])));
});

test("each cell of a link is measured once, however short the run", () => {
  for (const rtt of [0, 30]) {
    for (const scale of [1, 0.2]) {
      const names = cellsFor(rtt, scale).map((cell) => `${cell.what} ${cell.fresh} ${cell.connections} ${cell.pause}`);
      assert.equal(new Set(names).size, names.length);
    }
  }
});

test("a target is met only by what was measured without an error", () => {
  const judge = (own: LatencyRow) =>
    targetsOf({ ...results, latency: [own, row(reference, 2), row(ratholeNoise, 3)] }).map(({ met }) => met);
  assert.deepEqual(judge(row(signerForwarder, 1)), [true, true]);
  assert.deepEqual(judge(row(signerForwarder, 3)), [false, false]);
  assert.deepEqual(judge(row(signerForwarder, 1, { errors: 1 })), [false, false]);
});

test("over a link both calls of a signature have one round trip and 2 ms", () => {
  const far = [row(signerForwarder, 31, { rtt: 30, p99: 33 }), row(signerForwarder, 61, { rtt: 30, fresh: true })];
  const judged = targetsOf({ ...results, latency: far }).map(({ what, met }) => [what.replace(/^.*, /, ""), met]);
  assert.deepEqual(judged, [
    ["reused: p50 within 32 ms", true],
    ["reused: p99 within 32 ms", false],
    ["fresh: p50 within 32 ms", false],
    ["fresh: p99 within 32 ms", false],
  ]);
});

test("a pod that gave no signature within the time did not meet its target", () => {
  const outage = [{ event: "server restart", variant: signerForwarder, seconds: [2, null], limit: 30 }] as const;
  assert.deepEqual(targetsOf({ ...results, outage }), [
    { what: "pod killed to first signature: within 1.5 s, each time", measured: "not within 30 s", met: false },
  ]);
});

test("the report has the ratio to the reference, and says which targets are not met", () => {
  const text = report({ ...results, latency: [row(signerForwarder, 3), row(reference, 2)] });
  assert.match(text, /\| signer forwarder \| 3\.00 \(×1\.50\) \|/);
  assert.match(text, /Targets, 0 of 2 met/);
  assert.match(text, /\*\*not met\*\*/);
});

test("the plot is SVG with a line for each variant", () => {
  const svg = plot([row(signerForwarder, 1), row(reference, 2), row("a <b> & c", 3)]);
  assert.match(svg, /^<svg [^>]*viewBox/);
  assert.equal(svg.match(/<circle /g)?.length, 3);
  assert.ok(svg.includes("a &lt;b> &amp; c"));
  assert.ok(!svg.includes("NaN"));
});

test("two signatures over a link have two round trips, beside what they take without one", () => {
  const judge = (far: number) => {
    const rows = [0, 30].map((rtt) => ({
      variant: signerForwarder,
      rtt,
      p50: rtt ? far : 4,
      p99: 9,
      count: 1,
      errors: 0,
    }));
    return targetsOf({ ...results, attestations: rows }).map(({ measured, met }) => [measured, met]);
  };
  assert.deepEqual(judge(67), [["2.10 (67 ms)", true]]);
  assert.deepEqual(judge(96), [["3.07 (96 ms)", false]]);
});

test("many signers are compared with one on the same way, and each further baker has its milliseconds", () => {
  const cell = { way: "the gateway alone", keys: 30, isSpread: false, p50: 1, count: 9, errors: 0 };
  const manySigners = [
    { ...cell, signers: 1, p99: 10 },
    { ...cell, signers: 30, p99: 13 },
  ];
  const growth = [{ what: "`up` with nothing to change", seconds: { 1: 2, 30: 4.9 }, perBaker: 100 }];
  const judged = targetsOf({ ...results, manySigners, growth }).map(({ measured, met }) => [measured, met]);
  assert.deepEqual(judged, [
    ["100 ms", false],
    ["1.30 × (13 ms)", false],
  ]);
  const text = report({ ...results, manySigners, growth });
  assert.match(text, /\| the gateway alone, 30 signers \| 1\.00 \/ 13\.0 \| {2}\|/);
  assert.match(text, /\| `up` with nothing to change \| 2\.00 s \| 4\.90 s \| 100 ms \|/);
  assert.match(text, /no pulumi CLI/);
});

test("a fault of one of two ways meets its target only if no request was lost", () => {
  const gap = {
    kind: "node cut",
    size: "two replicas, two uplinks",
    times: 50,
    medianGapMs: 200,
    worstGapMs: 900,
    lost: 0,
  };
  const judge = (changes: object) => targetsOf({ ...results, gaps: [{ ...gap, ...changes }] }).map(({ met }) => met);
  assert.deepEqual([judge({}), judge({ worstGapMs: 1001 }), judge({ lost: 1 })], [[true], [false], [false]]);
  assert.deepEqual(judge({ size: "one replica, one uplink" }), []);
  assert.match(report({ ...results, gaps: [gap] }), /\| node cut \| 0\.20 \/ 0\.90, 0 lost \|/);
});

test("memory that was not there to be measured meets no target", () => {
  const judge = (memory: number, program: number) => {
    const back = [{ sinceKilled: 2, sinceOpen: 1 }];
    const hundred = [{ variant: signerForwarder, signers: 100, memory, program, back }];
    return targetsOf({ ...results, hundred }).flatMap(({ what, met }) => (what.startsWith("memory") ? met : []));
  };
  assert.deepEqual(
    [judge(1.9, 13), judge(2, 41), judge(0, 0)],
    [
      [true, true],
      [false, false],
      [false, false],
    ],
  );
});

test("a router may add a quarter to a signature's median, and three tenths to its p99", () => {
  const judge = (p50: number, p99: number) => {
    const rows = [row(signerForwarder, 1), row(withRouter, p50, { p99 })];
    const targets = targetsOf({ ...results, latency: rows });
    return targets.filter(({ what }) => what.includes("by a router")).map(({ met }) => met);
  };
  assert.deepEqual(
    [judge(1.25, 2.6), judge(1.26, 2.7), judge(1, 2)],
    [
      [true, true],
      [false, false],
      [true, true],
    ],
  );
});
