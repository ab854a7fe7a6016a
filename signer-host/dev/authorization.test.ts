import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { InMemorySigner } from "@taquito/signer";
import { b58Encode, PrefixV2 } from "@taquito/utils";
import { Authorization } from "./authorization.ts";
import { type Daemon, startDaemon } from "./daemon.ts";
import type { TezosKey } from "./keys.ts";
import { voteBytes } from "./sampleBytes.ts";
import { Signing } from "./signing.ts";
import { WatermarkStore } from "./watermarkStore.ts";

// Octez 25.1, src/bin_signer/handler.ml: known key, magic byte, authorization, watermark, in this order.

const unknown = "tz1KqTpEZ7Yob7QbPE4Hy4Wo8fHG8LhKxZSx";
/** The device's keys, and the hash of each with the tag of its curve in front. */
const tz1 = { address: "tz1c8PEDNfj6UxoQM2XCyfTHM5KbGGgoqDrH", hash: "00b4decd5a5f8f2ba708f8ced72eec89f44f3be96a" };
const tz4 = { address: "tz4K8dmFr6EEEEksBTTc3NJVqBe8MWUS3Kch", hash: "036f16af008cc05b3d5d03513aec8876ef2e15d410" };
const keyWith = (byte: number, prefix: PrefixV2 = PrefixV2.Ed25519Seed) =>
  new InMemorySigner(b58Encode(new Uint8Array(32).fill(byte), prefix));
const own = [keyWith(1), keyWith(2, PrefixV2.BLS12_381SecretKey)];
/** The keys of two bakers that are authorized, and of one that is not. */
const [alice, bob, mallory] = [keyWith(3), keyWith(4, PrefixV2.Secp256k1SecretKey), keyWith(5)];
const folder = mkdtempSync(join(tmpdir(), "authorization-"));
let daemon: Daemon;
let level = 0;

before(async () => {
  const keys = await Promise.all(
    own.map(
      async (signer): Promise<TezosKey> => ({
        alias: "home",
        address: await signer.publicKeyHash(),
        publicKey: await signer.publicKey(),
        isBls: signer.canProvePossession,
        sign: async (bytes) => (await signer.sign(bytes)).prefixSig,
      }),
    ),
  );
  const authorization = new Authorization([await alice.publicKey(), await bob.publicKey()]);
  const signing = new Signing(
    new Map(keys.map((key) => [key.address, key])),
    new WatermarkStore(folder),
    {},
    authorization,
  );
  daemon = await startDaemon(signing);
});
after(async () => {
  await daemon.close();
  rmSync(folder, { recursive: true });
});

/** A signature by which a signer proves that it asks a device to sign these bytes. */
async function proof(signer: InMemorySigner, { hash }: typeof tz1, bytes: Buffer): Promise<string> {
  return (await signer.sign(`0401${hash}${bytes.toString("hex")}`)).prefixSig;
}

async function post(address: string, bytes: Buffer, authentication?: string): Promise<[status: number, text: string]> {
  const query = authentication === undefined ? "" : `authentication=${authentication}&`;
  const response = await fetch(`http://127.0.0.1:${daemon.port}/keys/${address}?${query}version=3`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(bytes.toString("hex")),
  });
  const page = (await response.json()) as object | [{ msg: string }];
  return [response.status, Array.isArray(page) ? page[0].msg : Object.keys(page).join()];
}

const signed = [200, "signature"];
const missing = [500, "missing authentication signature field"];
const invalid = [500, "invalid authentication signature"];
const vote = (isBls = false) => voteBytes(0x13, { level: ++level }, isBls);

test("lists the addresses of the keys that it authorizes", async () => {
  const response = await fetch(`http://127.0.0.1:${daemon.port}/authorized_keys`);
  const addresses = [await alice.publicKeyHash(), await bob.publicKeyHash()];
  assert.equal(await response.text(), `${JSON.stringify({ authorized_keys: addresses })}\n`);
});

test("signs what the owner of an authorized key asks for, whatever the curves are", async () => {
  for (const baker of [alice, bob]) {
    for (const [key, isBls] of [[tz1, false] as const, [tz4, true] as const]) {
      const bytes = vote(isBls);
      assert.deepEqual(await post(key.address, bytes, await proof(baker, key, bytes)), signed);
    }
  }
});

test("refuses everybody else, and makes no mark", async () => {
  const bytes = vote();
  const good = await proof(alice, tz1, bytes);
  const others: [what: string, authentication: string | undefined, answer: unknown[]][] = [
    ["nobody", undefined, missing],
    ["a key that it does not authorize", await proof(mallory, tz1, bytes), invalid],
    ["who asked for other bytes", await proof(alice, tz1, vote()), invalid],
    ["who asked for another key", await proof(alice, tz4, bytes), invalid],
    ["who signed the bytes alone", (await alice.sign(bytes)).prefixSig, invalid],
  ];
  for (const [what, authentication, answer] of others) {
    assert.deepEqual(await post(tz1.address, bytes, authentication), answer, what);
  }
  // Other bytes of the same level: the refused ones left no mark that they would clash with.
  const twin = voteBytes(0x13, { level: level - 1, filler: 1 });
  assert.deepEqual(await post(tz1.address, twin, await proof(alice, tz1, twin)), signed);
  const [status, text] = await post(tz1.address, bytes, good);
  assert.equal(status, 500);
  assert.match(text, /already signed with different data/);
});

test("checks first whether it has the key, then the magic byte, the authorization, and the watermark", async () => {
  const operation = Buffer.of(3, 1);
  const below = voteBytes(0x13, { level: 0 });
  assert.deepEqual(await post(unknown, operation), [500, `no keys for the source contract ${unknown}`]);
  assert.deepEqual(await post(tz1.address, operation), [500, "magic byte 0x03 not allowed"]);
  assert.deepEqual(await post(tz1.address, Buffer.of(0x13)), missing);
  assert.deepEqual(await post(tz1.address, below), missing);
  const [, text] = await post(tz1.address, below, await proof(alice, tz1, below));
  assert.match(text, /below high watermark/);
});
