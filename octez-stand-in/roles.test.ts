import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { InMemorySigner } from "@taquito/signer";
import { b58Encode, PrefixV2 } from "@taquito/utils";
import type { Chain } from "./chain.ts";
import { FakeSigner, type Key, keyOf } from "./fakeSigner.ts";
import { type KeyOperation, operationBytes } from "./keyOperation.ts";
import { LiveChain } from "./liveChain.ts";
import { rpcServer } from "./nodeRpc.ts";
import { RunningProgram } from "./runningProgram.ts";

// One delegate, on a chain with short cycles: `first` signs for it, and then `second`, a tz4 with a companion key.

const root = mkdtempSync(join(tmpdir(), "roles-"));
const chain: Chain = {
  ...{ network: "sandbox", id: Buffer.alloc(4, 1), intervalMs: 2500, cycleLength: 2 },
  startMs: Date.now() - 2500 * 1000,
};
const live = new LiveChain(chain);
const node = rpcServer(live);
const keys = [PrefixV2.Ed25519Seed, PrefixV2.Ed25519Seed, PrefixV2.BLS12_381SecretKey, PrefixV2.BLS12_381SecretKey];
const [owner, first, second, companion] = (await Promise.all(
  keys.map((prefix, index) => keyOf(b58Encode(Buffer.alloc(32, 11 + index), prefix))),
)) as [Key, Key, Key, Key];
const signers = { first: new FakeSigner(first), second: new FakeSigner(second), companion: new FakeSigner(companion) };
type Name = keyof typeof signers;

/** A DAL node that keeps silent until it is told to speak. */
const dalStreams: ServerResponse[] = [];
const dal = createServer((request, response) => {
  if (request.method === "PATCH") response.end("{}");
  else if (request.url?.includes("monitor")) dalStreams.push(response.writeHead(200));
});

after(() => {
  for (const server of [node, dal]) {
    server.closeAllConnections();
    server.close();
  }
  for (const signer of Object.values(signers)) signer.close();
  rmSync(root, { recursive: true });
});

async function listen(server: typeof node): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function writeWallet(): Promise<void> {
  const named = Object.entries({ first, second, companion }) as [Name, Key][];
  const locators = await Promise.all(
    named.map(async ([name, key]) => `${await signers[name].listen()}/${key.address}`),
  );
  const write = (file: string, value: (key: Key, locator: string) => unknown) => {
    const list = named.map(([name, key], at) => ({ name, value: value(key, locators[at] ?? "") }));
    writeFileSync(join(root, file), JSON.stringify(list));
  };
  write("public_key_hashs", (key) => key.address);
  write("public_keys", (key, locator) => ({ locator, key: key.publicKey }));
  write("secret_keys", (_key, locator) => locator);
}

async function change(fields: Omit<KeyOperation, "delegate">): Promise<void> {
  const operation = { delegate: owner.publicKey, ...fields };
  const { prefixSig: signature } = await owner.signer.sign(operationBytes(operation).toString("hex"));
  live.injectKeys({ operation, signature });
}

const proofOf = async (key: Key) => (await (key.signer as InMemorySigner).provePossession()).prefixSig;
const cycleNow = () => live.delegates.cycleOf(live.head);
const bodiesOf = (name: Name, kind: string) => signers[name].bodies.filter((body) => body.startsWith(`"${kind}`));
/** The levels of the votes that a key was asked for. A tz4's have no slot in front. */
const levelsOf = (name: Name, kind: string) =>
  bodiesOf(name, kind).map((body) => Buffer.from(body.slice(1), "hex").readInt32BE(name === "first" ? 40 : 38));

test("each key is asked for in its cycles alone, a companion key after its tz4, and a silent DAL node delays none", async () => {
  const [endpoint, dalEndpoint] = [await listen(node), await listen(dal)];
  await writeWallet();
  await change({ registers: true, role: "consensus", publicKey: first.publicKey });
  const start = cycleNow();
  while (cycleNow() === start) await sleep(100);
  await change({ role: "consensus", publicKey: second.publicKey, proof: await proofOf(second) });
  await change({ role: "companion", publicKey: companion.publicKey, proof: await proofOf(companion) });
  const changes = (cycleNow() + 3) * chain.cycleLength;
  const run = ["run", "remotely", "first", "second", "companion", "--liquidity-baking-toggle-vote", "pass"];
  const options = ["--dal-node", dalEndpoint, "--keep-alive"];
  const baker = new RunningProgram("octez-baker", ["-d", root, "-E", endpoint, ...run, ...options]);

  await baker.line(/^second: signed attestation level \d+ in \d+ ms with companion key companion$/);
  assert.ok(dalStreams.length > 0, "the DAL node was asked");
  // A level may be too short for so many signatures of a tz4, on a busy machine. Another one follows.
  const isAttested = () =>
    live.attestationsIn(live.head).some(({ level, dal: bits = 0n }) => level >= changes && bits > 0n);
  while (!isAttested()) {
    const slot_id = { slot_level: live.head - 2, slot_index: 0 };
    for (const stream of dalStreams) stream.write(`${JSON.stringify({ kind: "attestable_slot", slot_id })}\n`);
    await sleep(500);
  }
  await baker.line(/^second: ready to attach DAL attestation for level \d+, with bitset \d+$/);
  await baker.stop();

  for (const kind of ["12", "13"]) {
    const [before, since] = [levelsOf("first", kind), levelsOf("second", kind)];
    assert.ok(before.length > 0 && before.every((level) => level < changes), `${before} before ${changes}`);
    assert.ok(since.length > 0 && since.every((level) => level >= changes), `${since} since ${changes}`);
  }
  const twice = bodiesOf("companion", "13");
  assert.ok(twice.length > 0);
  assert.deepEqual(twice, bodiesOf("second", "13").slice(0, twice.length));
  assert.deepEqual([bodiesOf("companion", "11"), bodiesOf("companion", "12")], [[], []]);
});
