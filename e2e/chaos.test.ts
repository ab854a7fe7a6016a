import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../local/machine/checkout.ts";
import { attempt } from "../local/machine/run.ts";
import { replicas } from "../testbed/testCluster.ts";
import { temporary } from "../testbed/testStack.ts";

// Two devices with the same keys that do not know of each other, and one with others, which no other one has. Whatever is
// done to them and to what is between them and the baker, no level is signed twice with different bytes, and no fault
// costs more than it may.

/** The same seed makes the same faults. */
const seed = 20261129;
const minutes = 5;

type Report = {
  problems: string[];
  figures: { signed: number; seconds: number; twice: object; faults: { kind: string }[] };
};

test(`five minutes of faults (seed ${seed}) cost no more than the design says, and nothing is signed twice`, async () => {
  const out = temporary("chaos-report");
  const size = replicas > 1 ? ["--nodes", String(replicas), "--replicas", String(replicas)] : [];
  const words = ["--minutes", String(minutes), "--seed", String(seed), "--one-device", "--out", out, ...size];
  const { code, all } = await attempt("npm", ["run", "--silent", "chaos", "--", ...words], { cwd: root });
  assert.equal(code, 0, all);
  const { figures, problems } = JSON.parse(readFileSync(join(out, "report.json"), "utf8")) as Report;
  assert.deepEqual([problems, figures.twice], [[], { byDevice: [], byKey: [] }]);
  const kinds = new Set(figures.faults.map(({ kind }) => kind));
  assert.ok(kinds.size >= 10, [...kinds].join(", "));
  // Four keys thrice in 2 s, and a third of that for the faults that last.
  assert.ok(figures.signed > 2 * figures.seconds, `${figures.signed} signatures in ${figures.seconds} s\n${all}`);
});
