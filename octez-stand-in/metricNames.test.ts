import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../local/machine/checkout.ts";
import { chainOf } from "./chain.ts";
import { DalNode } from "./dalNode.ts";
import { LiveChain } from "./liveChain.ts";
import { nodeMetrics } from "./nodeMetrics.ts";

const profile = { operators: [], observers: [], attesters: [] };
const served = [...nodeMetrics(new LiveChain(chainOf("sandbox"))), ...new DalNode("DAL", profile, 1).metrics()];

for (const file of [
  "charts/signer-forwarder/alerts.yaml",
  "charts/signer-forwarder/dashboard.json",
  "docs/reference/metrics.md",
])
  test(`the metrics of Octez in ${file} are among those that the stand-in serves`, () => {
    const names = new Set(readFileSync(join(root, file), "utf8").match(/\b(octez|dal)_(p2p|validator|node|gs)_\w+/g));
    assert.ok(names.size > 0);
    for (const name of names)
      assert.ok(
        served.some((metric) => metric.name === name),
        name,
      );
  });
