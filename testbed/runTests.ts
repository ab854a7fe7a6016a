import { globSync } from "node:fs";
import { dirname, join } from "node:path";
import { run as runTests } from "node:test";
import { spec } from "node:test/reporters";
import { ensureLocalCluster } from "../deploy/cluster/ownCluster.ts";
import { localAccess } from "../infra/config/localCluster.ts";
import type { ClusterName } from "../local/cluster/layout.ts";
import { clusterDown } from "../local/cluster/localCluster.ts";
import { root } from "../local/machine/checkout.ts";
import { stateFolder } from "../local/machine/paths.ts";
import { attempt, run } from "../local/machine/run.ts";
import { ensurePackages } from "../local/toolchain/debianPackages.ts";
import { ensureGo, goSettings } from "../local/toolchain/go.ts";
import { ensureTools } from "../local/toolchain/tools.ts";
import { replicas } from "./testCluster.ts";

// npm test runs every check and ends with one line of counts. `npm test -- unit`, `programs`, `go`, `charts` or `e2e`
// runs a part. The parts run one after the other, because most of the end-to-end tests have limits of a few seconds, and
// programs that are compiled beside them take those. They mostly wait themselves, so they run in three lanes at a time: two
// clusters, and the gateway without a cluster. Each file's report is printed in one piece, so that the lanes never mix.
// With TEST_REPLICAS=2 the stacks of the end-to-end tests have two replicas of the forwarder, on two nodes.

const charts = ["signer-forwarder", "baker"];
const goFolders = ["internal", "signer-forwarder", "signer-host", "bench/traffic"];
const counts = { passed: 0, failed: 0, skipped: 0 };

/** Runs a program and counts it as one test. */
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
  const env = { ...process.env, ...goSettings };
  // gofmt is installed beside Go. With -d it lists what it would change.
  const gofmt = go.includes("/") ? join(go, "../gofmt") : "gofmt";
  const script = `wrong=$('${gofmt}' -d ${goFolders.join(" ")}) && test -z "$wrong" || { echo "$wrong"; exit 1; }`;
  await check("Go: format", "sh", "-c", script);
  const packages = goFolders.map((folder) => `./${folder}/...`);
  const { stdout: output } = await attempt(go, ["test", "-json", "-vet=all", ...packages], { cwd: root, env });
  type Event = { Action: string; Package?: string; Test?: string; Output?: string };
  const events = output
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Event);
  const ended = (action: string) => events.filter(({ Action, Test }) => Action === action && Test !== undefined).length;
  counts.passed += ended("pass");
  counts.skipped += ended("skip");
  // A package that does not build or that vet rejects fails without a failed test.
  const broken = events.some(({ Action }) => Action === "fail" || Action === "build-fail") || events.length === 0;
  counts.failed += Math.max(ended("fail"), broken ? 1 : 0);
  // What the failed packages said, without the tests that passed.
  const nameOf = ({ Package = "", Test = "" }: Event) => `${Package} ${Test}`;
  const passed = new Set(events.filter(({ Action }) => Action === "pass" || Action === "skip").map(nameOf));
  const said = events.filter((event) => !passed.has(nameOf(event))).map(({ Output }) => Output ?? "");
  if (broken) console.log(events.length === 0 ? output : said.join(""));
  console.log(`${broken ? "✖" : "✔"} Go: ${ended("pass")} tests`);
  const { staticcheck } = await ensureTools(["staticcheck"], console.error);
  // staticcheck finds `go` on PATH.
  const path = go.includes("/") ? `${dirname(go)}:${process.env.PATH}` : process.env.PATH;
  const settings = Object.entries({ PATH: path, ...goSettings }).map(([name, value]) => `${name}=${value}`);
  await check("Go: staticcheck", "env", ...settings, staticcheck, "-checks", "all", ...packages);
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
  // A suite that cannot be read fails without a failed test.
  if (!/Charts:\s+1 passed/.test(output) && failed === "0" && errored === "0") counts.failed++;
}

type Run = {
  /** How many files run at a time, one unless given. */
  readonly concurrency?: number;
  /** Whether no lane runs beside it: then the report is printed as it comes. */
  readonly isAlone?: boolean;
  readonly env?: NodeJS.ProcessEnv;
};

/** Runs test files of node:test. Unless it runs alone, it prints the report after the files have ended. */
async function testFiles(files: string[], { concurrency = 1, isAlone = false, env = {} }: Run = {}): Promise<void> {
  if (files.length === 0) throw new Error("found no test files");
  const stream = runTests({
    files: files.map((file) => join(root, file)).sort(),
    concurrency,
    timeout: 900_000,
    // With the cache, loading the Pulumi SDK takes half of the CPU time.
    env: { ...process.env, NODE_COMPILE_CACHE: join(root, ".local/cache"), ...env },
  });
  stream.on("test:pass", ({ details, skip }) => {
    // A suite counts only if it is skipped, because its tests are not reported then.
    if (skip !== undefined) counts.skipped++;
    else if (details.type !== "suite") counts.passed++;
  });
  stream.on("test:fail", ({ details }) => {
    if (details.type !== "suite") counts.failed++;
  });
  let report = "";
  for await (const text of stream.compose(spec)) {
    if (isAlone) process.stdout.write(text);
    else report += text;
  }
  process.stdout.write(report);
}

/**
 * Runs test files that share a cluster, one after the other, and removes the cluster. With two replicas of the forwarder
 * each has a node.
 */
async function testOnCluster(name: ClusterName, files: string[], replicas = 1): Promise<void> {
  try {
    const env = { TEST_CLUSTER: name, TEST_REPLICAS: String(replicas) };
    if (replicas > 1) await ensureLocalCluster({ name, kubeconfig: localAccess(name).kubeconfig, nodes: replicas });
    for (const file of files.sort()) await testFiles([file], { env });
  } finally {
    await clusterDown(name, console.error);
  }
}

const inRooms = "{infra,deploy,local,signer-host,bench,chaos,octez-stand-in,docs}/**";
const find = (pattern: string, exclude: string[] = []): string[] => globSync(pattern, { cwd: root, exclude });

/** The parts by their names, in their order. */
const parts: Record<string, () => Promise<void>> = {
  async unit() {
    const files = find(`${inRooms}/*.test.ts`, ["**/*.programs.test.ts"]);
    await Promise.all([
      check("type check", "tsc", "--noEmit"),
      check("lint", "npm", "run", "--silent", "lint"),
      // Some files mostly wait. node:test's own choice is one file at a time on 2 cores.
      testFiles(files, { concurrency: 3, isAlone: true }),
    ]);
  },
  async programs() {
    await ensurePackages(console.error, ["openssh-client", "openssl"]);
    await testFiles(find(`${inRooms}/*.programs.test.ts`), { concurrency: 2 });
  },
  async go() {
    await testGo();
  },
  async charts() {
    for (const chart of charts) await testChart(chart);
  },
  async e2e() {
    await ensurePackages(console.error, ["openssh-client", "openssh-server", "iproute2", "iptables"]);
    const lanes = [
      testGateway(),
      testOnCluster("e2e", find("e2e/*.test.ts"), replicas),
      // These have as many replicas and nodes as each is about.
      testOnCluster("disaster", find("e2e/disaster/*.test.ts")),
    ];
    // Every lane runs to its end even if another fails, because each has something to remove.
    for (const lane of await Promise.allSettled(lanes)) if (lane.status === "rejected") throw lane.reason;
  },
};

async function testGateway(): Promise<void> {
  for (const file of find("signer-forwarder/test/*.test.ts").sort()) await testFiles([file]);
}

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !Object.hasOwn(parts, name));
if (unknown.length > 0) {
  console.error(`found ${unknown.join(", ")}, wanted ${Object.keys(parts).join(", ")} or nothing for all`);
  process.exit(2);
}

for (const [name, part] of Object.entries(parts)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  console.log(`\n== ${name}`);
  await part();
}
const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : "";
console.log(`${counts.passed} passed, ${counts.failed} failed${skipped}`);
process.exitCode = counts.failed === 0 && counts.passed > 0 ? 0 : 1;
