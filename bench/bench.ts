import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../local/machine/checkout.ts";
import { cleanUp, cleanUpAtSignals, isEnding } from "./base/cleanup.ts";
import { describeMachine, kubernetesVersion } from "./base/machine.ts";
import { longParts, parts } from "./parts.ts";
import { plot } from "./report/plot.ts";
import type { Results } from "./report/results.ts";
import { report } from "./report/table.ts";
import { plainSsh } from "./variants/variant.ts";
import { makeWorld } from "./world.ts";

// npm run bench measures the signing path beside its peers, on this machine, in one run.
// `npm run bench -- baker`, `latency`, `outage`, `neighbours`, `idle`, `votes`, `hundred` or `bakers` runs one part.
// `gaps` takes over two hours, and is no part of a whole run. `quick` shortens all parts, to check that they run. Only a
// whole run writes its results.json, results.md and results.svg to bench/. All other runs write them to .local/bench/.

const words = process.argv.slice(2);
const quick = words.includes("quick");
const asked = words.filter((word) => word !== "quick");
const known = Object.keys({ ...parts, ...longParts });
const unknown = asked.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(
    `found ${unknown.join(", ")}, wanted ${known.join(", ")} or nothing for all but gaps, and quick or not`,
  );
  process.exit(2);
}

cleanUpAtSignals();
const progress = (line: string): void => console.error(line);
try {
  const started = Date.now();
  const names = Object.keys(parts).filter((name) => asked.length === 0 || asked.includes(name));
  const world = names.length > 0 ? await makeWorld(progress) : undefined;
  const results: Results = {
    date: new Date().toISOString(),
    machine: await describeMachine(),
    versions: world?.versions ?? { Kubernetes: kubernetesVersion() },
    reference: world ? plainSsh(world.imageSsh.name) : "",
  };
  if (world) for (const name of names) await parts[name]?.(world, results, quick, progress);
  for (const name of asked) await longParts[name]?.(results, quick, progress);
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
