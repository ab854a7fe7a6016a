import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { rowsWith, tablesOf } from "../docs/reference/markdownTables.ts";
import { root } from "../local/machine/checkout.ts";
import { faultKinds } from "./faultKinds.ts";
import type { Report } from "./report/report.ts";
import { devicesOf } from "./topology.ts";

// docs/chaos has an hour's report, and a page that says what the report says.

const { command, figures, problems, topology } = JSON.parse(
  readFileSync(join(root, "docs/chaos/report.json"), "utf8"),
) as Report;
const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;

test("the hour was one, on two nodes with two replicas, with every kind of fault", () => {
  assert.match(command, /--minutes 60 /);
  assert.ok(figures.seconds >= 3540, `${figures.seconds} s`);
  assert.deepEqual([topology.nodes, topology.replicas, topology.hasRouter], [2, 2, true]);
  assert.deepEqual([...new Set(figures.faults.map(({ kind }) => kind))].sort(), Object.keys(faultKinds).sort());
});

test("nothing in it was signed twice, and no fault cost more than it may", () => {
  assert.deepEqual([problems, figures.twice, figures.refused], [[], { byDevice: [], byKey: [] }, []]);
});

test("each key had two devices, and no request was lost to a single fault", () => {
  assert.deepEqual(topology.devices, devicesOf(false));
  assert.deepEqual(
    figures.kinds.filter(({ lost }) => lost > 0),
    [],
  );
});

test("the page has a row for each kind of fault, with what the report says of it", () => {
  const wanted = figures.kinds.map(({ kind, lost, medianGapMs, times, worstGapMs }) => {
    const [median, worst] = [seconds(medianGapMs), seconds(worstGapMs)];
    return { fault: kind, times: String(times), "gap, median": median, worst, "requests lost": String(lost) };
  });
  assert.deepEqual(rowsWith(tablesOf("../chaos/index.md"), "fault"), wanted);
});

test("the page says how many faults and requests there were, and how many were lost", () => {
  const page = readFileSync(join(root, "docs/chaos/index.md"), "utf8").replace(/\s+/g, " ");
  const { asked, faults, whole } = figures;
  const number = (count: number): string => count.toLocaleString("en");
  assert.ok(page.includes(`${faults.length} faults and ${number(asked)} requests for signatures`));
  assert.ok(page.includes(`${number(whole.lost)} were lost`));
});
