import { globSync } from "node:fs";
import { join } from "node:path";
import { run as runTests } from "node:test";
import { spec } from "node:test/reporters";
import { clusterDown } from "../local/cluster/localCluster.ts";
import { root } from "../local/machine/checkout.ts";
import { stateFolder } from "../local/machine/paths.ts";
import { run } from "../local/machine/run.ts";
import { ensurePackages } from "../local/toolchain/debianPackages.ts";
import { ensureGo } from "../local/toolchain/go.ts";
import { ensureTools } from "../local/toolchain/tools.ts";

// npm test: everything that can be checked, from the cheapest to the dearest, and one closing line that counts it.
// `npm test -- unit`, `go`, `charts` or `e2e` runs one part.

const charts = ["signer-forwarder", "baker"];
const goFolders = ["signer-forwarder", "bench/traffic"];
const counts = { passed: 0, failed: 0, skipped: 0 };

/** Runs a program as one test. */
async function check(what: string, program: string, ...words: string[]): Promise<void> {
  try {
    await run(program, words, { cwd: root });
    counts.passed++;
    console.log(`✔ ${what}`);
  } catch (error) {
    counts.failed++;
    console.log(`✖ ${what}\n${(error as Error).message}`);
  }
}

/** Vets our Go programs and runs their tests. */
async function testGo(): Promise<void> {
  const go = await ensureGo(join(stateFolder, "tools"), console.error);
  const env = { ...process.env, GOTOOLCHAIN: "auto", GOFLAGS: "-mod=readonly -buildvcs=false", GOWORK: "off" };
  // It stands beside Go, and lists what it would write otherwise.
  const gofmt = go.includes("/") ? join(go, "../gofmt") : "gofmt";
  const script = `wrong=$('${gofmt}' -d ${goFolders.join(" ")}) && test -z "$wrong" || { echo "$wrong"; exit 1; }`;
  await check("Go: format", "sh", "-c", script);
  const packages = goFolders.map((folder) => `./${folder}/...`);
  const output = await run(go, ["test", "-json", "-vet=all", ...packages], { cwd: root, env }).catch(
    (error: Error) => error.message,
  );
  type Event = { Action: string; Test?: string; Output?: string };
  const events = output
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Event);
  const ended = (action: string) => events.filter(({ Action, Test }) => Action === action && Test !== undefined).length;
  counts.passed += ended("pass");
  // A package that can't be built, or is refused by vet, fails without a failed test.
  const broken = events.some(({ Action }) => Action === "fail" || Action === "build-fail") || events.length === 0;
  counts.failed += Math.max(ended("fail"), broken ? 1 : 0);
  if (broken) console.log(events.length === 0 ? output : events.map(({ Output }) => Output ?? "").join(""));
  console.log(`${broken ? "✖" : "✔"} Go: ${ended("pass")} tests`);
}

/** Runs helm-unittest's suites of a chart. */
async function testChart(name: string): Promise<void> {
  const tool = (await ensureTools(["helm-unittest"], console.error))["helm-unittest"];
  const output = await run(tool, [join(root, "charts", name)]).catch((error: Error) => error.message);
  console.log(output);
  const [, failed = "0", errored = "0", passed = "0"] =
    /Tests:\s+(?:(\d+) failed, )?(?:(\d+) errored, )?(\d+) passed/.exec(output) ?? [];
  counts.passed += Number(passed);
  counts.failed += Number(failed) + Number(errored);
  // A suite that could not even be read fails without a failed test.
  if (!/Charts:\s+1 passed/.test(output) && failed === "0" && errored === "0") counts.failed++;
}

/** Runs test files of node:test; those that share the test cluster one after the other. */
async function testFiles(files: string[], concurrency: boolean): Promise<void> {
  if (files.length === 0) throw new Error("found no test files");
  const stream = runTests({ files: files.map((file) => join(root, file)).sort(), concurrency, timeout: 900_000 });
  stream.on("test:pass", ({ details, skip }) => {
    // A suite counts only if it is skipped: then none of its tests says so.
    if (skip !== undefined) counts.skipped++;
    else if (details.type !== "suite") counts.passed++;
  });
  stream.on("test:fail", ({ details }) => {
    if (details.type !== "suite") counts.failed++;
  });
  const report = stream.compose(spec);
  report.pipe(process.stdout, { end: false });
  await new Promise((resolve) => report.on("end", resolve));
}

const parts: Record<string, () => Promise<void>> = {
  async unit() {
    await check("type check", "tsc", "--noEmit");
    await check("lint", "biome", "check", "--error-on-warnings");
    const files = globSync("{infra,deploy,local,signer-host,bench,octez-stand-in,docs}/**/*.test.ts", { cwd: root });
    await testFiles(files, true);
  },
  async go() {
    await testGo();
  },
  async charts() {
    for (const chart of charts) await testChart(chart);
  },
  async e2e() {
    await ensurePackages(console.error, ["openssh-client", "openssh-server", "iproute2", "iptables"]);
    try {
      await testFiles(globSync(["e2e/*.test.ts", "signer-forwarder/test/*.test.ts"], { cwd: root }), false);
    } finally {
      await clusterDown("e2e", console.error);
    }
  },
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !Object.hasOwn(parts, name));
if (unknown.length > 0) {
  console.error(`found ${unknown.join(", ")}, wanted ${Object.keys(parts).join(", ")} or nothing for all`);
  process.exit(2);
}
for (const name of asked.length > 0 ? asked : Object.keys(parts)) {
  console.log(`\n== ${name}`);
  await parts[name]?.();
}
const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : "";
console.log(`${counts.passed} passed, ${counts.failed} failed${skipped}`);
process.exitCode = counts.failed === 0 && counts.passed > 0 ? 0 : 1;
