import assert from "node:assert/strict";
import { test } from "node:test";
import { rowsWith, tablesOf } from "../docs/reference/markdownTables.ts";
import { type FaultName, faultKind, faultKinds } from "./faultKinds.ts";
import { devicesOf, plainTopology, type Topology } from "./topology.ts";

const rows = rowsWith(tablesOf("../design/gaps.md"), "fault");
// With keys of two devices and keys of one.
const oneReplica: Topology = { ...plainTopology, nodes: 2, hasRouter: true, devices: devicesOf(true) };
const topologies = { "one replica": oneReplica, "two replicas": { ...oneReplica, replicas: 2 } };

/** What a fault that lasts no time may cost, for each target that differs. */
function cost(name: string, topology: Topology): string {
  const { allowance, lacks, targets } = faultKind(name);
  const needed = lacks?.(topology);
  if (needed !== undefined) return `needs ${needed}`;
  const all = targets(topology).map((target) => {
    const { gapSeconds, mayLose, reason } = allowance(topology, target, 0);
    return `${gapSeconds} s, ${mayLose ? "some" : "none"} lost: ${reason}`;
  });
  return [...new Set(all)].join("; or ");
}

test("the page has every kind of fault, what happens, and what it may cost", () => {
  const wanted = Object.keys(faultKinds).map((name) => {
    const { title } = faultKinds[name as FaultName];
    const costs = Object.entries(topologies).map(([what, topology]) => [what, cost(name, topology)]);
    return { fault: name, "what happens": title, ...Object.fromEntries(costs) };
  });
  assert.deepEqual(rows, wanted);
});
