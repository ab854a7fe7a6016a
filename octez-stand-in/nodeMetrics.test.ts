import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { RunningProgram } from "./runningProgram.ts";

const data = mkdtempSync(join(tmpdir(), "metrics-"));
// Below those from which clients dial out.
const firstPort = 29_000 + (process.pid % 1_200) * 3;
const [rpcPort, metricsPort, otherPort] = [0, 1, 2].map((step) => firstPort + step);
const programs: RunningProgram[] = [];
after(async () => {
  await Promise.all(programs.map((program) => program.stop()));
  rmSync(data, { recursive: true });
});

function octezNode(...args: string[]): RunningProgram {
  const program = new RunningProgram("octez-node", [...args, "--data-dir", data]);
  programs.push(program);
  return program;
}

async function page(port: number | undefined) {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  return { status: response.status, text: await response.text() };
}

test("the node's metrics are at their own address, the command line's before the config's", async () => {
  const rpc = ["--rpc-addr", `127.0.0.1:${rpcPort}`];
  const config = ["--network", "sandbox", ...rpc, "--metrics-addr", `127.0.0.1:${otherPort}`];
  assert.equal(await octezNode("config", "init", ...config).ended(), 0);
  assert.deepEqual(JSON.parse(readFileSync(join(data, "config.json"), "utf8")).metrics_addr, [
    `127.0.0.1:${otherPort}`,
  ]);
  assert.equal(await octezNode("identity", "generate").ended(), 0);

  const configured = octezNode("run");
  await configured.line(/now running/);
  assert.equal((await page(otherPort)).status, 200);
  await configured.stop();

  const run = octezNode("run", "--metrics-addr", `:${metricsPort}`);
  await run.line(/now running/);
  await assert.rejects(page(otherPort));
  assert.equal((await page(rpcPort)).status, 404);
  const { status, text } = await page(metricsPort);
  assert.equal(status, 200);
  assert.match(text, /^octez_validator_chain_head_level\{chain_id="Net\w{10}"\} \d+\.0+$/m);
  assert.match(text, /^octez_validator_chain_synchronisation_status\{chain_id="Net\w{10}"\} 1\.0+$/m);
  assert.match(text, /^octez_p2p_connections_active 60\.0+$/m);
  await run.stop();
});

test("an address that it can't have costs the node its metrics, not its life", async () => {
  const run = octezNode("run", "--metrics-addr", "[2001:db8::1]:1");
  await run.line(/metrics server ended with error/);
  await run.line(/now running/);
});
