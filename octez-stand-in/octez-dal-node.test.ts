import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { Readable } from "node:stream";
import { after, before, test } from "node:test";
import { RunningProgram } from "./runningProgram.ts";

const root = mkdtempSync(join(tmpdir(), "dal-"));
const nodeData = join(root, "node");
// Below those from which clients dial out.
const firstPort = 10_000 + (process.pid % 2_000) * 5;
const [nodePort, rpcPort, netPort, metricsPort, publicPort] = [0, 1, 2, 3, 4].map((step) => firstPort + step);
const endpoint = `http://127.0.0.1:${nodePort}`;
const alice = "tz1VSUr8wwNhLAzempoch5d6hLRiTh8Cjcjb";
const bob = "tz4HVR6aty9KwsQFHh81C1G7gBdhxT8kuytm";
const programs: RunningProgram[] = [];

function start(name: string, ...args: string[]): RunningProgram {
  const program = new RunningProgram(name, args);
  programs.push(program);
  return program;
}

function startDal(data: string, ...args: string[]): RunningProgram {
  const ports = ["--rpc-addr", `127.0.0.1:${rpcPort}`, "--net-addr", `127.0.0.1:${netPort}`];
  return start("octez-dal-node", "run", "--data-dir", join(root, data), "--endpoint", endpoint, ...ports, ...args);
}

async function startNode(): Promise<void> {
  await start("octez-node", "run", "--data-dir", nodeData).line(/now running/);
}

async function get(path: string, port = rpcPort, init: RequestInit = {}) {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, init);
  const text = await response.text();
  return { status: response.status, text, body: text.startsWith("{") ? JSON.parse(text) : text };
}

before(async () => {
  const rpc = ["--rpc-addr", `127.0.0.1:${nodePort}`];
  await start("octez-node", "config", "init", "--data-dir", nodeData, "--network", "sandbox", ...rpc).ended();
  await start("octez-node", "identity", "generate", "--data-dir", nodeData).ended();
});
after(async () => {
  await Promise.all(programs.map((program) => program.stop()));
  rmSync(root, { recursive: true });
});

test("config init writes a config and refuses to overwrite it; reset and update do not", async () => {
  const config = (name: string, ...args: string[]) =>
    start("octez-dal-node", "config", name, "--data-dir", join(root, "config"), ...args);
  assert.equal(await config("update").ended(), 1);
  assert.equal(await config("init", "--attester", alice, "--peers", "198.51.100.1:11732").ended(), 0);
  const again = config("init");
  assert.equal(await again.ended(), 1);
  assert.match(again.lines.join("\n"), /already exists, overwriting is forbidden, please use `config update` command/);
  assert.equal(await config("update", "--attester", bob).ended(), 0);
  const written = () => JSON.parse(readFileSync(join(root, "config/config.json"), "utf8"));
  assert.deepEqual(written().profiles.controller_profile.controller_profiles.attesters, [alice, bob]);
  assert.deepEqual(written().peers, ["198.51.100.1:11732"]);
  assert.equal(await config("reset").ended(), 0);
  assert.deepEqual([written().profiles, written().peers], [{ kind: "empty" }, []]);
});

test("it waits for octez-node, and then serves attesters, peers and metrics", async () => {
  const dal = startDal("dal", "--attester-profiles", alice, "--metrics-addr", `127.0.0.1:${metricsPort}`);
  await dal.line(/could not reach .* to fetch version info/, 2);
  await assert.rejects(get("/health"));
  await startNode();
  await dal.line(/the DAL node is ready/);
  assert.match(dal.lines.join("\n"), /starting the DAL node \(network: DAL_TEZOS_sandbox/);
  assert.equal((await get("/health")).body.status, "up");
  assert.deepEqual((await get("/profiles")).body.controller_profiles.attesters, [alice]);
  assert.deepEqual((await get("/synchronized")).body, { status: "Synced" });
  assert.equal((await get("/version")).body.network_version.chain_name, "DAL_TEZOS_sandbox");
  assert.equal((await get("/metrics")).status, 404, "metrics have a port of their own");
  const p2p = connect(netPort ?? 0, "127.0.0.1");
  await once(p2p, "connect");
  p2p.destroy();
  await dal.stop();
});

test("a slot can be attested once its level is final, by the keys that it works for", async (t) => {
  const dal = startDal("slots", "--attester", alice, "--metrics-addr", `127.0.0.1:${metricsPort}`);
  t.after(() => dal.stop());
  await dal.line(/the DAL node is ready/);
  const monitor = async (address: string) => {
    const response = await fetch(`http://127.0.0.1:${rpcPort}/profiles/${address}/monitor/attestable_slots`);
    const lines = createInterface({ input: Readable.fromWeb(response.body as never) });
    return lines[Symbol.asyncIterator]();
  };
  const stream = await monitor(alice);
  const next = async () => {
    for (;;) {
      const event = JSON.parse((await stream.next()).value as string);
      if (event.kind !== "heartbeat") return event;
    }
  };
  const first = await next();
  assert.equal(first.kind, "backfill");
  const { kind, slot_id: slot } = await next();
  assert.equal(kind, "attestable_slot");
  assert.ok(slot.slot_level > Math.max(0, ...first.backfill_payload.slot_ids.map((id: typeof slot) => id.slot_level)));
  const at = `attested_levels/${slot.slot_level + 5}`;
  const { attestable_slots_set: slots, published_level: level } = (
    await get(`/profiles/${alice}/${at}/attestable_slots`)
  ).body;
  assert.deepEqual([slots.length, slots.indexOf(true), level], [160, 0, slot.slot_level]);
  const none = (await get(`/profiles/${bob}/${at}/attestable_slots`)).body;
  assert.equal(none.attestable_slots_set.includes(true), false);
  assert.equal((await get(`/profiles/${bob}/${at}/assigned_shard_indices`)).text.trim(), "[]");

  assert.equal((await get("/profiles", rpcPort, { method: "PATCH", body: `{"attesters":["${bob}"]}` })).status, 200);
  assert.deepEqual((await get("/profiles")).body.controller_profiles.attesters, [alice, bob]);
  const page = (await get("/metrics", metricsPort)).text;
  const [, finalized] = /^dal_node_layer1_block_finalized (\d+)\.0+$/m.exec(page) ?? [];
  assert.ok(Number(finalized) >= slot.slot_level, page);
  assert.match(page, /^dal_gs_count_connections 12\.0+$/m);
});

test("it keeps its config and adds to its profiles from start to start", async () => {
  const dal = startDal("slots", "--attester", alice);
  await dal.line(/the DAL node is ready/);
  assert.deepEqual((await get("/profiles")).body.controller_profiles.attesters, [alice, bob]);
  assert.deepEqual(JSON.parse(readFileSync(join(root, "slots/store/version.json"), "utf8")), { version: 3 });
  await dal.stop();
  writeFileSync(join(root, "slots/store/chain_id"), '"NetXdQprcVkpaWU"');
  const other = startDal("slots");
  assert.equal(await other.ended(), 1);
  assert.match(other.lines.join("\n"), /whereas the storage is related to NetXdQprcVkpaWU/);
});

test("beyond its own machine it lets nobody change anything", async () => {
  const ports = ["--rpc-addr", `0.0.0.0:${publicPort}`, "--net-addr", `127.0.0.1:${netPort}`];
  const data = join(root, "public");
  const dal = start("octez-dal-node", "run", "--data-dir", data, "--endpoint", endpoint, ...ports);
  await dal.line(/the DAL node is ready/);
  const ask = (path: string, init?: RequestInit) => get(path, publicPort, init);
  assert.equal((await ask("/profiles", { method: "PATCH", body: `{"attesters":["${bob}"]}` })).status, 401);
  assert.equal((await ask("/p2p/points")).status, 401);
  assert.deepEqual((await ask("/health")).body, {
    status: "degraded",
    checks: [
      { name: "p2p", status: "up" },
      { name: "Has registered profiles", status: "no" },
    ],
  });
  await dal.stop();
});

test("an endpoint that is no URL ends it, and leaves a config", async () => {
  const data = join(root, "broken");
  const dal = start("octez-dal-node", "run", "--data-dir", data, "--endpoint", "localhost");
  assert.equal(await dal.ended(), 1);
  assert.match(dal.lines.join("\n"), /unknown scheme/);
  assert.ok(existsSync(join(data, "config.json")));
});
