import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../local/machine/checkout.ts";
import { cleanUp, cleanUpAtSignals, isEnding } from "./base/cleanup.ts";
import { describeMachine } from "./base/machine.ts";
import { parts } from "./parts.ts";
import { plot } from "./report/plot.ts";
import type { Results } from "./report/results.ts";
import { report } from "./report/table.ts";
import { plainSsh } from "./variants/variant.ts";
import { makeWorld } from "./world.ts";

// npm run bench measures the signing path beside its peers, on this machine, in one run.
// `npm run bench -- baker`, `latency`, `outage`, `neighbours`, `idle`, `votes`, `hundred` or `bakers` runs one part. `quick` shortens all parts,
// to check that they run. Only a whole run writes its results.json, results.md and results.svg to bench/. All other
// runs write them to .local/bench/.

const words = process.argv.slice(2);
const quick = words.includes("quick");
const asked = words.filter((word) => word !== "quick");
const unknown = asked.filter((name) => !Object.hasOwn(parts, name));
if (unknown.length > 0) {
  console.error(
    `found ${unknown.join(", ")}, wanted ${Object.keys(parts).join(", ")} or nothing for all, and quick or not`,
  );
  process.exit(2);
}

cleanUpAtSignals();
const progress = (line: string): void => console.error(line);
try {
  const started = Date.now();
  const world = await makeWorld(progress);
  const results: Results = {
    date: new Date().toISOString(),
    machine: await describeMachine(),
    versions: world.versions,
    reference: plainSsh(world.imageSsh.name),
  };
  const names = Object.keys(parts).filter((name) => asked.length === 0 || asked.includes(name));
  for (const name of names) await parts[name]?.(world, results, quick, progress);
  results.seconds = Math.round((Date.now() - started) / 1000);
  const folder = quick || asked.length > 0 ? join(root, ".local/bench") : import.meta.dirname;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "results.json"), `${JSON.stringify(results, null, 2)}\n`);
  writeFileSync(join(folder, "results.md"), report(results));
  if (results.latency) writeFileSync(join(folder, "results.svg"), plot(results.latency));
  console.log(report(results));
  progress(`the results are in ${folder}`);
} catch (error) {
  if (!isEnding()) console.error(`error: ${(error as Error).message}`);
  process.exitCode = 1;
} finally {
  await cleanUp();
}
