import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { b58Encode, PrefixV2 } from "@taquito/utils";
import type { Chain } from "../../octez-stand-in/chain.ts";
import { blockBytes, freshContents } from "../../octez-stand-in/consensusBytes.ts";
import type { Head } from "../../octez-stand-in/heads.ts";
import { LiveChain } from "../../octez-stand-in/liveChain.ts";
import { NodeClient } from "../../octez-stand-in/nodeClient.ts";
import { rpcServer } from "../../octez-stand-in/nodeRpc.ts";
import { signedBlock, signedVote } from "../../octez-stand-in/signedBytes.ts";
import { ChainReader } from "./chainReader.ts";
import { type Duty, dutiesOf } from "./duties.ts";

// The node of the dev stack, as `npm run missed` sees it.

const chain: Chain = { network: "sandbox", id: Buffer.alloc(4, 1), intervalMs: 2000, startMs: 0, cycleLength: 8 };
let level = 1000;
const server = rpcServer(new LiveChain(chain, () => chain.intervalMs * level));
const keys = [1, 2].map((byte) => b58Encode(Buffer.alloc(20, byte), PrefixV2.Ed25519PublicKeyHash)) as [string, string];
const signature = b58Encode(Buffer.alloc(64, 5), PrefixV2.Ed25519Signature);
let url = "";

before(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => {
  server.closeAllConnections();
  server.close();
});

const get = async (path: string): Promise<unknown> => {
  const response = await fetch(url + path);
  assert.equal(response.status, 200, path);
  return response.json();
};
const headNow = async () => (await get("/chains/main/blocks/head/header")) as Head;

/** The next level. */
function nextHead(): Promise<Head> {
  level++;
  return headNow();
}

test("a level has what was injected in its time, and nothing else", async () => {
  const node = new NodeClient(url);
  const votesFor = async (head: Head, address: string): Promise<void> => {
    const slot = (await node.rightsAt(head, address)).vote?.slot ?? -1;
    const round = Number.parseInt(head.fitness[4] as string, 16);
    const bytes = { branch: Buffer.alloc(32), payloadHash: Buffer.alloc(32, 3), chainId: chain.id };
    await node.injectVote(signedVote("attestation", { ...bytes, slot, level: head.level, round }, signature));
  };
  const bakesAfter = async (head: Head): Promise<void> => {
    const contents = { ...freshContents(), chainId: chain.id, protocolLevel: 1, predecessor: Buffer.alloc(32) };
    const block = blockBytes({
      ...{ ...contents, level: head.level + 1, predecessorRound: 0, timestampMs: 0, validationPasses: 4 },
      ...{ round: 0, votes: 2 },
    });
    await node.injectBlock(signedBlock(block, signature));
  };
  // They become delegates, and bake from the second level after on.
  const first = await nextHead();
  for (const key of keys) await node.rightsAt(first, key);
  await nextHead();
  const second = await nextHead();
  await Promise.all([votesFor(second, keys[0]), votesFor(second, keys[1]), bakesAfter(second)]);
  const third = await nextHead();
  await votesFor(third, keys[1]);
  const fourth = await nextHead();
  // Too late.
  const slot = (await node.rightsAt(third, keys[0])).vote?.slot ?? -1;
  const late = { chainId: chain.id, branch: Buffer.alloc(32), slot, level: third.level, round: 0 };
  await node.injectVote(signedVote("attestation", { ...late, payloadHash: Buffer.alloc(32) }, signature));
  level = fourth.level + 3;

  const reader = new ChainReader(get, keys);
  const { from, to } = await reader.known();
  assert.deepEqual([from, to], [1001, fourth.level]);
  const facts = await reader.facts(second.level, fourth.level, () => {});
  const nameOf = (key: string): string => `key ${keys.indexOf(key)}`;
  const short = ({ key, kind, level, round, isOnChain }: Duty): string =>
    `${level - second.level} ${nameOf(key)} ${kind} ${round}${isOnChain ? "" : " missed"}`;
  const baker = (level: number): string => `key ${level % 2}`;
  // Block `second` was nobody's, third was baked, fourth was not.
  assert.deepEqual(
    facts.flatMap(dutiesOf).map(short).sort(),
    [
      `0 ${baker(second.level)} block 0 missed`,
      "0 key 0 attestation 1",
      "0 key 1 attestation 1",
      `1 ${baker(third.level)} block 0`,
      "1 key 0 attestation 0 missed",
      "1 key 1 attestation 0",
      `2 ${baker(fourth.level)} block 0 missed`,
      "2 key 0 attestation 1 missed",
      "2 key 1 attestation 1 missed",
    ].sort(),
  );
});

test("what the node doesn't have is not found", async () => {
  for (const path of [
    `${level + 100}/header`,
    `${level - 10_000}/header`,
    "head/helpers/forge",
    "head~1000000/header",
  ]) {
    assert.equal((await fetch(`${url}/chains/main/blocks/${path}`)).status, 404, path);
  }
  assert.equal((await fetch(`${url}/injection/operation`)).status, 405);
  assert.equal((await fetch(`${url}/injection/block`, { method: "POST", body: '{"data":"00"}' })).status, 400);
  assert.equal((await fetch(`${url}/injection/operation`, { method: "POST", body: "13" })).status, 400);
});
