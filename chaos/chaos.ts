import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { root } from "../local/machine/checkout.ts";
import { runEach } from "./each.ts";
import { faultKind } from "./faultKinds.ts";
import { planOf, splitKinds } from "./plan.ts";
import { page } from "./report/page.ts";
import { type RunFacts, reportOf } from "./report/report.ts";
import { runSchedule } from "./run.ts";
import { plainTopology } from "./topology.ts";
import { chaosStack, makeWorld, removeWorld } from "./world.ts";

const help = `
npm run chaos -- [options]

Does faults to a stack on the tests' cluster while four keys on three devices ask for signatures, and says what each
fault has cost. Ends with 1 if a fault cost more than docs/design/gaps.md says, or if anything was signed twice with
different bytes. Needs root on Debian 12, as the end-to-end tests do.

  --minutes NUMBER      how long the faults go on; 10 unless given
  --seed NUMBER         draws the faults: the same seed and minutes make the same ones at the same times; 1 unless given
  --replicas NUMBER     how many replicas the forwarder has; the config's default unless given
  --nodes NUMBER        how many nodes the cluster has; those that it has, or one, unless given
  --one-device          two of the keys have one device alone; each has two unless given
  --out FOLDER          where report.json, report.html and events.json are written; .local/chaos unless given
  --each NUMBER         no schedule: does each fault so many times, alone, and each time with every tunnel there again
  --only NAME,NAME      these faults alone; all unless given
  --plan                print the faults and their times as JSON, and do nothing
  --help                print this
`;

/** A whole number of the command line, or undefined if it is not given. Throws for anything else. */
function numberOf(name: string, text: string | undefined, least: number): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (Number.isInteger(number) && number >= least && number < 2 ** 32) return number;
  throw new Error(`--${name}: found ${text}, wanted a whole number from ${least}`);
}

function readOptions() {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const { values } = parseArgs({
    options: {
      minutes: text,
      seed: text,
      replicas: text,
      nodes: text,
      out: text,
      each: text,
      only: text,
      "one-device": flag,
      plan: flag,
      help: flag,
    },
  });
  const only = values.only?.split(",").map((name) => name.trim());
  // An unknown name fails here.
  only?.forEach(faultKind);
  if (values.each !== undefined && (values.minutes ?? values.seed) !== undefined)
    throw new Error("--each: found --minutes or --seed as well, wanted a schedule or each fault, not both");
  return {
    minutes: numberOf("minutes", values.minutes, 1) ?? 10,
    seed: numberOf("seed", values.seed, 0) ?? 1,
    replicas: numberOf("replicas", values.replicas, 1),
    nodes: numberOf("nodes", values.nodes, 1),
    hasOneDevice: values["one-device"] === true,
    each: numberOf("each", values.each, 1),
    only,
    out: resolve(root, values.out ?? ".local/chaos"),
    isPlan: values.plan === true,
    isHelp: values.help === true,
  };
}

async function chaos(): Promise<number> {
  const { each, hasOneDevice, isHelp, isPlan, minutes, nodes, only, out, replicas, seed } = readOptions();
  if (isHelp) {
    console.log(help.trim());
    return 0;
  }
  if (isPlan) {
    const { names } = splitKinds(plainTopology, minutes, only);
    console.log(JSON.stringify(planOf(seed, minutes, plainTopology, names), null, 2));
    return 0;
  }
  const progress = (line: string): void => console.error(line);
  const stack = chaosStack();
  for (const [signal, code] of [["SIGINT", 130] as const, ["SIGTERM", 143] as const])
    process.once(signal, () => {
      progress("ending: everything is stopped and removed");
      void removeWorld(stack).finally(() => process.exit(code));
    });
  try {
    const world = await makeWorld(stack, { nodes, replicas, hasOneDevice }, progress);
    const { topology } = world;
    const { names, leftOut } = splitKinds(topology, each === undefined ? minutes : Number.POSITIVE_INFINITY, only);
    for (const { name, reason } of leftOut) progress(`left out: ${name}: ${reason}`);
    const command = ["npm run chaos --", ...process.argv.slice(2)].join(" ");
    const facts: RunFacts = { command, date: new Date().toISOString(), topology, leftOut };
    const events =
      each === undefined
        ? await runSchedule(world, planOf(seed, minutes, topology, names), progress)
        : await runEach(world, names, each, progress);
    const report = reportOf(facts, events);
    mkdirSync(out, { recursive: true });
    writeFileSync(join(out, "report.json"), `${JSON.stringify(report, null, 2)}\n`);
    writeFileSync(join(out, "events.json"), `${JSON.stringify(events)}\n`);
    writeFileSync(join(out, "report.html"), page(report, events));
    progress(`the report is in ${out}`);
    for (const problem of report.problems) console.log(problem);
    return report.problems.length === 0 ? 0 : 1;
  } finally {
    await removeWorld(stack);
  }
}

try {
  process.exitCode = await chaos();
} catch (error) {
  console.error(`error: ${(error as Error).message}`);
  process.exitCode = 2;
}
// A program that could not be stopped must not keep this one.
process.exit();
