import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { b58Encode, PrefixV2 } from "@taquito/utils";
import { FakeSigner, type Key, keyOf } from "./fakeSigner.ts";
import { RunningProgram } from "./runningProgram.ts";

const root = mkdtempSync(join(tmpdir(), "octez-"));
const data = join(root, "node");
const rpcPort = 21_000 + (process.pid % 8_000);
const endpoint = `http://127.0.0.1:${rpcPort}`;
const rpc = ["--rpc-addr", `127.0.0.1:${rpcPort}`, "--allow-all-rpc", `127.0.0.1:${rpcPort}`];
const bakeries: Bakery[] = [];
let node: RunningProgram;

after(async () => {
  await node?.stop();
  for (const { away, home } of bakeries) for (const signer of [home, away]) signer.close();
  rmSync(root, { recursive: true });
});

/** A base directory with a wallet of two keys, and their signers. */
class Bakery {
  readonly client: string;
  readonly home: FakeSigner;
  readonly away: FakeSigner;

  private constructor(home: Key, away: Key) {
    this.client = join(root, `client-${bakeries.push(this)}`);
    [this.home, this.away] = [new FakeSigner(home), new FakeSigner(away)];
  }

  static async open(): Promise<Bakery> {
    const keys = [7, 8].map((byte) => keyOf(b58Encode(Buffer.alloc(32, byte), PrefixV2.Ed25519Seed)));
    const [home, away] = (await Promise.all(keys)) as [Key, Key];
    const bakery = new Bakery(home, away);
    const [homeUrl, awayUrl] = await Promise.all([bakery.home.listen(), bakery.away.listen()]);
    mkdirSync(bakery.client);
    const locators = { home: `${homeUrl}/${home.address}`, away: `${awayUrl}/${away.address}` };
    const write = (file: string, value: (name: "home" | "away", key: Key) => unknown) => {
      const entries = [
        { name: "home", value: value("home", home) },
        { name: "away", value: value("away", away) },
      ];
      writeFileSync(join(bakery.client, file), JSON.stringify(entries));
    };
    write("public_key_hashs", (_name, key) => key.address);
    write("public_keys", (name, key) => ({ locator: locators[name], key: key.publicKey }));
    write("secret_keys", (name) => locators[name]);
    return bakery;
  }

  /** Runs octez-baker with both keys. */
  baker(votes = ["--liquidity-baking-toggle-vote", "pass"]): RunningProgram {
    const run = ["run", "with", "local", "node", data, "home", "away", ...votes];
    const options = ["--without-dal", "--keep-alive"];
    return new RunningProgram("octez-baker", ["-d", this.client, "-E", endpoint, ...run, ...options]);
  }

  /** Runs octez-baker until it has signed. */
  async bakeOnce(): Promise<void> {
    const baker = this.baker();
    await baker.line(/^home: signed/);
    await baker.stop();
  }

  /** Runs octez-accuser until it follows the chain. */
  async accuse(): Promise<void> {
    const accuser = new RunningProgram("octez-accuser", ["-d", this.client, "-E", endpoint, "run", "--keep-alive"]);
    await accuser.line(/^Accuser started at level \d+$/);
    assert.equal(await accuser.stop(), 0);
  }
}

async function octezNode(...args: string[]) {
  const program = new RunningProgram("octez-node", [...args, "--data-dir", data]);
  return { code: await program.ended(), text: program.lines.join("\n") };
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

// Most of these tests wait for blocks. Run concurrently, they take a third of the time. The longest comes first.
describe("with a node that runs", { concurrency: 3 }, () => {
  test("octez-baker waits for a signer that keeps silent, says so, and owns up to the levels that it missed", async () => {
    const bakery = await Bakery.open();
    const { away, home } = bakery;
    const baker = bakery.baker();
    await baker.line(/^away: signed block/);
    away.answer = () => "silence";
    await baker.line(/^away: waiting for \w+ level \d+ since 6 s$/);
    away.close();
    const failure = await baker.line(/^away: failed \w+ level \d+: (socket hang up|read ECONNRESET)$/);
    const level = Number(/level (\d+)/.exec(failure)?.[1]);
    await baker.line(new RegExp(`^away: failed attestation level ${level + 1}: its time had passed`));
    await baker.stop();
    // At most the three kinds of one level, if the machine stalled. With a shared wait there would be more.
    assert.ok(baker.lines.filter((line) => /^home: failed/.test(line)).length <= 3);
    assert.ok(home.requests.length > 10);
  });

  test("octez-baker asks for all keys at once: for their preattestations, then for their attestations", async () => {
    const asked = (signer: FakeSigner, kind: string) =>
      new Map(
        signer.arrivals
          .filter(({ body }) => body.startsWith(`"${kind}`))
          .map(({ body, at }) => [Buffer.from(body.slice(1), "hex").readInt32BE(40), at]),
      );
    const bakery = await Bakery.open();
    const signers = [bakery.home, bakery.away];
    const baker = bakery.baker();
    await baker.line(/^away: signed block/, 3);
    await baker.stop();
    const first = signers.map((signer) => asked(signer, "12"));
    const then = signers.map((signer) => asked(signer, "13"));
    const levels = [...(then[1]?.keys() ?? [])].filter((level) =>
      [...first, ...then].every((times) => times.has(level)),
    );
    assert.ok(levels.length >= 2, `${levels}`);
    const timesOf = (times: Map<number, number>[], level: number) => times.map((each) => each.get(level) ?? 0);
    const inOrder = levels.filter((level) => Math.max(...timesOf(first, level)) < Math.min(...timesOf(then, level)));
    // If the machine stalled, one of them may be out of order.
    assert.ok(inOrder.length >= levels.length - 1);
  });

  test("octez-baker signs each level with each key, and a dead signer costs its own key alone", async () => {
    const bakery = await Bakery.open();
    const { away, home } = bakery;
    away.answer = () => ({ status: 503, body: "no tunnel" });
    const baker = bakery.baker();
    await baker.line(/^home: signed attestation level \d+ in \d+ ms$/);
    await baker.line(/^home: signed block level \d+ in/, 2);
    await baker.line(/^away: failed block level \d+: GET \/authorized_keys: HTTP 503 no tunnel$/, 2);
    away.answer = () => undefined;
    await baker.line(/^away: signed block level/);
    assert.equal(await baker.stop(), 0);
    // A level missed because the machine stalled is not a failed request.
    assert.ok(!baker.lines.some((line) => /^home: failed/.test(line) && !line.endsWith("its time had passed")));
    const blocks = baker.lines.flatMap((line) => /^home: \w+ block level (\d+)/.exec(line)?.[1] ?? []).map(Number);
    assert.deepEqual(
      blocks,
      blocks.map((_, i) => (blocks[0] as number) + i),
    );
    const order = baker.lines.filter((line) => /^home: signed/.test(line)).map((line) => line.split(" ")[2]);
    assert.deepEqual(order.slice(0, 3), ["preattestation", "attestation", "block"]);
    assert.deepEqual(
      home.bodies.slice(0, 3).map((body) => body.slice(1, 3)),
      ["12", "13", "11"],
    );
  });

  test("octez-baker votes in a block as its vote file says then", async () => {
    const bakery = await Bakery.open();
    const file = join(bakery.client, "votes.json");
    const vote = (value: string) => writeFileSync(file, JSON.stringify({ liquidity_baking_toggle_vote: value }));
    vote("on");
    const baker = bakery.baker(["--votefile", file]);
    await baker.line(/^home: signed block/);
    vote("off");
    await baker.line(/^home: signed block/, 3);
    await baker.stop();
    const votes = bakery.home.bodies.filter((body) => body.startsWith('"11')).map((body) => body.slice(-4, -2));
    assert.deepEqual([votes.at(0), votes.at(-1)], ["00", "01"]);
  });

  test("octez-baker signs no level again after a restart", async () => {
    const bakery = await Bakery.open();
    const lines: string[] = [];
    for (let round = 0; round < 3; round++) {
      const baker = bakery.baker();
      await baker.line(/^home: signed block/);
      await baker.stop();
      lines.push(...baker.lines.filter((line) => /^home: signed/.test(line)).map((line) => line.replace(/ in .*/, "")));
    }
    assert.equal(new Set(lines).size, lines.length);
  });

  test("octez-baker signs nothing that it can't mark, lives on, and signs again when it can", async () => {
    const bakery = await Bakery.open();
    const { client, home } = bakery;
    await bakery.bakeOnce();
    const marks = readdirSync(client).find((name) => /^Net\w{10}_highwatermarks$/.test(name)) ?? assert.fail();
    mkdirSync(join(client, `${marks}.tmp`));
    home.arrivals.length = 0;
    const baker = bakery.baker();
    const failed = `^home: failed attestation level \\d+: could not write the ${marks.slice(0, -1)} alias file: EISDIR`;
    await baker.line(new RegExp(failed));
    assert.deepEqual(home.arrivals, []);
    rmSync(join(client, `${marks}.tmp`), { recursive: true });
    await baker.line(/^home: signed/);
    assert.equal(await baker.stop(), 0);
  });

  test("octez-baker and octez-accuser log into the base directory, unless its config says otherwise", async () => {
    const bakery = await Bakery.open();
    const { client } = bakery;
    const logs = join(client, "logs");
    await bakery.bakeOnce();
    await bakery.accuse();
    assert.deepEqual(readdirSync(logs).sort(), ["octez-accuser", "octez-baker"]);
    const [daily = ""] = readdirSync(join(logs, "octez-baker"));
    assert.match(daily, /^daily-\d{8}\.log$/);
    assert.match(readFileSync(join(logs, "octez-baker", daily), "utf8"), /^\S+ \[octez-baker\] home: signed/m);

    rmSync(logs, { recursive: true });
    const stdout = "file-descriptor-stdout://?format=pp-short&level-at-least=notice&advertise-levels=true";
    const config = { base_dir: client, internal_events: { active_sinks: [stdout] } };
    writeFileSync(join(client, "config"), JSON.stringify(config));
    await bakery.accuse();
    await bakery.bakeOnce();
    assert.ok(!existsSync(logs));
  });

  test("octez-baker and octez-accuser end where their config is none", async () => {
    const bakery = await Bakery.open();
    const { client } = bakery;
    writeFileSync(join(client, "config"), '{"internal_events": {}}');
    const accuser = new RunningProgram("octez-accuser", ["-d", client, "-E", endpoint, "run"]);
    for (const program of [bakery.baker(), accuser]) {
      assert.equal(await program.ended(), 1);
      assert.match(program.lines.join("\n"), /Can't parse the configuration file: .*\nMissing object field base_dir/);
    }
  });

  test("octez-baker refuses an alias that its wallet does not have", async () => {
    const { client } = await Bakery.open();
    const run = ["run", "with", "local", "node", data, "else", "--liquidity-baking-toggle-vote", "on", "--without-dal"];
    const baker = new RunningProgram("octez-baker", ["--base-dir", client, ...run]);
    assert.equal(await baker.ended(), 1);
    assert.match(baker.lines.join("\n"), /no public key hash alias named else/);
  });

  test("octez-accuser follows the node; without --keep-alive it ends where there is none", async () => {
    const bakery = await Bakery.open();
    await bakery.accuse();
    const alone = new RunningProgram("octez-accuser", ["-d", bakery.client, "-E", "http://127.0.0.1:1", "run"]);
    assert.equal(await alone.ended(), 1);
  });
});
