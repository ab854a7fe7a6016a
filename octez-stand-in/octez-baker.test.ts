import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { b58Encode, PrefixV2 } from "@taquito/utils";
import { FakeSigner, type Key, keyOf } from "./fakeSigner.ts";
import { RunningProgram } from "./runningProgram.ts";

const root = mkdtempSync(join(tmpdir(), "octez-"));
const data = join(root, "node");
const client = join(root, "client");
const rpcPort = 21_000 + (process.pid % 8_000);
const endpoint = `http://127.0.0.1:${rpcPort}`;
const rpc = ["--rpc-addr", `127.0.0.1:${rpcPort}`, "--allow-all-rpc", `127.0.0.1:${rpcPort}`];
const signers: FakeSigner[] = [];
let node: RunningProgram;

before(async () => {
  const keys = [7, 8].map((byte) => keyOf(b58Encode(Buffer.alloc(32, byte), PrefixV2.Ed25519Seed)));
  const [home, away] = (await Promise.all(keys)) as [Key, Key];
  signers.push(new FakeSigner(home), new FakeSigner(away));
  const [homeUrl, awayUrl] = await Promise.all(signers.map((signer) => signer.listen()));
  mkdirSync(client);
  const locators = { home: `${homeUrl}/${home.address}`, away: `${awayUrl}/${away.address}` };
  const write = (file: string, value: (name: "home" | "away", key: Key) => unknown) => {
    const entries = [
      { name: "home", value: value("home", home) },
      { name: "away", value: value("away", away) },
    ];
    writeFileSync(join(client, file), JSON.stringify(entries));
  };
  write("public_key_hashs", (_name, key) => key.address);
  write("public_keys", (name, key) => ({ locator: locators[name], key: key.publicKey }));
  write("secret_keys", (name) => locators[name]);
});
after(async () => {
  await node?.stop();
  for (const signer of signers) signer.close();
  rmSync(root, { recursive: true });
});

async function octezNode(...args: string[]) {
  const program = new RunningProgram("octez-node", [...args, "--data-dir", data]);
  return { code: await program.ended(), text: program.lines.join("\n") };
}

function octezBaker() {
  const run = ["run", "with", "local", "node", data, "home", "away", "--liquidity-baking-toggle-vote", "pass"];
  return new RunningProgram("octez-baker", ["-d", client, "-E", endpoint, ...run, "--without-dal", "--keep-alive"]);
}

test("octez-node runs only with a config, an identity and its own network's chain", async () => {
  assert.match((await octezNode("run")).text, /Missing configuration file/);
  assert.equal((await octezNode("run")).code, 124);
  assert.equal(
    (await octezNode("config", "init", "--network", "sandbox", "--history-mode", "rolling", ...rpc)).code,
    0,
  );
  assert.match((await octezNode("config", "init", "--network", "sandbox")).text, /Pre-existing configuration file/);
  assert.match((await octezNode("run")).text, /Missing identity file/);
  assert.equal((await octezNode("identity", "generate")).code, 0);
  assert.match((await octezNode("identity", "generate")).text, /existing identity file/);
  assert.equal((await octezNode("upgrade", "storage")).code, 0);

  node = new RunningProgram("octez-node", ["run", "--data-dir", data]);
  await node.line(/now running/);
  assert.match((await octezNode("config", "reset", "--network", "mainnet")).text, /of sandbox/);
  assert.equal((await octezNode("config", "reset", "--network", "sandbox", "--history-mode", "full", ...rpc)).code, 0);
  assert.match((await octezNode("run")).text, /Cannot switch from history mode rolling mode to full mode/);
});

test("octez-node answers the RPC calls of Octez, and no others", async () => {
  const get = async (path: string) => {
    const response = await fetch(`${endpoint}${path}`);
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  assert.deepEqual((await get("/health/ready")).body, { ready: true });
  assert.deepEqual((await get("/chains/main/is_bootstrapped")).body, { bootstrapped: true, sync_state: "synced" });
  assert.match(String((await get("/chains/main/blocks/head/header")).body.chain_id), /^Net/);
  assert.equal((await get("/health/live")).status, 404);
});

test("octez-baker signs each level with each key, and a dead signer costs its own key alone", async () => {
  const [home, away] = signers as [FakeSigner, FakeSigner];
  away.answer = () => ({ status: 503, body: "no tunnel" });
  const baker = octezBaker();
  const first = await baker.line(/^home: signed attestation level \d+ in \d+ ms$/);
  const level = Number(/level (\d+)/.exec(first)?.[1]);
  await baker.line(new RegExp(`^home: signed block level ${level + 2} in`));
  await baker.line(new RegExp(`^away: failed block level ${level + 2}: GET /authorized_keys: HTTP 503 no tunnel$`));
  away.answer = () => undefined;
  await baker.line(/^away: signed block level/);
  assert.equal(await baker.stop(), 0);
  // A machine that stood still for a level is no failure of a request.
  assert.ok(!baker.lines.some((line) => /^home: failed/.test(line) && !line.endsWith("its time had passed")));
  const order = baker.lines.filter((line) => /^home: signed/.test(line)).map((line) => line.split(" ")[2]);
  assert.deepEqual(order.slice(0, 3), ["preattestation", "attestation", "block"]);
  assert.deepEqual(
    home.bodies.slice(0, 3).map((body) => body.slice(1, 3)),
    ["12", "13", "11"],
  );
});

test("octez-baker asks for all keys at once: for their preattestations, then for their attestations", async () => {
  const asked = (signer: FakeSigner, kind: string) =>
    new Map(
      signer.arrivals
        .filter(({ body }) => body.startsWith(`"${kind}`))
        .map(({ body, at }) => [Buffer.from(body.slice(1), "hex").readInt32BE(40), at]),
    );
  for (const signer of signers) signer.arrivals.length = 0;
  const baker = octezBaker();
  for (let line = 0; line < 3; line++) {
    const level = Number(/\d+/.exec(await baker.line(/^away: signed block/))?.[0]);
    await baker.line(new RegExp(`^away: signed block level ${level + line} in`));
  }
  await baker.stop();
  const first = signers.map((signer) => asked(signer, "12"));
  const then = signers.map((signer) => asked(signer, "13"));
  const levels = [...(then[1]?.keys() ?? [])].filter((level) => [...first, ...then].every((times) => times.has(level)));
  assert.ok(levels.length >= 2, `${levels}`);
  const timesOf = (times: Map<number, number>[], level: number) => times.map((each) => each.get(level) ?? 0);
  const inOrder = levels.filter((level) => Math.max(...timesOf(first, level)) < Math.min(...timesOf(then, level)));
  // A machine that stood still may have mixed one of them up.
  assert.ok(inOrder.length >= levels.length - 1);
});

test("octez-baker signs nothing that it can't mark, lives on, and signs again when it can", async () => {
  const marks = readdirSync(client).find((name) => /^Net\w{10}_highwatermarks$/.test(name)) ?? assert.fail();
  mkdirSync(join(client, `${marks}.tmp`));
  const [home] = signers as [FakeSigner, FakeSigner];
  home.arrivals.length = 0;
  const baker = octezBaker();
  const failed = `^home: failed attestation level \\d+: could not write the ${marks.slice(0, -1)} alias file: EISDIR`;
  await baker.line(new RegExp(failed));
  assert.deepEqual(home.arrivals, []);
  rmSync(join(client, `${marks}.tmp`), { recursive: true });
  await baker.line(/^home: signed/);
  assert.equal(await baker.stop(), 0);
});

const logs = join(client, "logs");
const stdout = "file-descriptor-stdout://?format=pp-short&level-at-least=notice&advertise-levels=true";

test("octez-baker and octez-accuser log into the base directory, unless its config says otherwise", async () => {
  const accuse = async () => {
    const accuser = new RunningProgram("octez-accuser", ["-d", client, "-E", endpoint, "run", "--keep-alive"]);
    await accuser.line(/^Accuser started/);
    await accuser.stop();
  };
  await accuse();
  assert.deepEqual(readdirSync(logs).sort(), ["octez-accuser", "octez-baker"]);
  const [daily = ""] = readdirSync(join(logs, "octez-baker"));
  assert.match(daily, /^daily-\d{8}\.log$/);
  assert.match(readFileSync(join(logs, "octez-baker", daily), "utf8"), /^\S+ \[octez-baker\] home: signed/m);

  rmSync(logs, { recursive: true });
  const config = { base_dir: client, internal_events: { active_sinks: [stdout] } };
  writeFileSync(join(client, "config"), JSON.stringify(config));
  await accuse();
  const baker = octezBaker();
  await baker.line(/^home: signed/);
  await baker.stop();
  assert.ok(!existsSync(logs));
});

test("octez-baker and octez-accuser end where their config is none", async () => {
  writeFileSync(join(client, "config"), '{"internal_events": {}}');
  const accuser = new RunningProgram("octez-accuser", ["-d", client, "-E", endpoint, "run"]);
  for (const program of [octezBaker(), accuser]) {
    assert.equal(await program.ended(), 1);
    assert.match(program.lines.join("\n"), /Can't parse the configuration file: .*\nMissing object field base_dir/);
  }
  rmSync(join(client, "config"));
});

test("octez-baker signs no level again after a restart", async () => {
  const lines: string[] = [];
  for (let round = 0; round < 3; round++) {
    const baker = octezBaker();
    await baker.line(/^home: signed block/);
    await baker.stop();
    lines.push(...baker.lines.filter((line) => /^home: signed/.test(line)).map((line) => line.replace(/ in .*/, "")));
  }
  assert.equal(new Set(lines).size, lines.length);
});

test("octez-baker waits for a signer that keeps silent, says so, and owns up to the levels that it missed", async () => {
  const [home, away] = signers as [FakeSigner, FakeSigner];
  const baker = octezBaker();
  await baker.line(/^away: signed block/);
  away.answer = () => "silence";
  await baker.line(/^away: waiting for \w+ level \d+ since 6 s$/);
  away.close();
  const failure = await baker.line(/^away: failed \w+ level \d+: (socket hang up|read ECONNRESET)$/);
  const level = Number(/level (\d+)/.exec(failure)?.[1]);
  await baker.line(new RegExp(`^away: failed attestation level ${level + 1}: its time had passed`));
  await baker.stop();
  // The three kinds of one level at the most, should the machine have stood still; with a shared wait it would be more.
  assert.ok(baker.lines.filter((line) => /^home: failed/.test(line)).length <= 3);
  assert.ok(home.requests.length > 10);
});

test("octez-baker refuses an alias that its wallet does not have", async () => {
  const run = ["run", "with", "local", "node", data, "else", "--liquidity-baking-toggle-vote", "on", "--without-dal"];
  const baker = new RunningProgram("octez-baker", ["--base-dir", client, ...run]);
  assert.equal(await baker.ended(), 1);
  assert.match(baker.lines.join("\n"), /no public key hash alias named else/);
});

test("octez-accuser follows the node; without --keep-alive it ends where there is none", async () => {
  const accuser = new RunningProgram("octez-accuser", ["-d", client, "-E", endpoint, "run", "--keep-alive"]);
  await accuser.line(/^Accuser started at level \d+$/);
  assert.equal(await accuser.stop(), 0);
  const alone = new RunningProgram("octez-accuser", ["-d", client, "-E", "http://127.0.0.1:1", "run"]);
  assert.equal(await alone.ended(), 1);
});
