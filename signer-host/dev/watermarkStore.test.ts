import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { readPayload } from "./payload.ts";
import { blockBytes, voteBytes } from "./sampleBytes.ts";
import { WatermarkStore } from "./watermarkStore.ts";

const alice = "tz1KqTpEZ7Yob7QbPE4Hy4Wo8fHG8LhKxZSx";
const bob = "tz1gjaF81ZRRvdzjobyfVNsAeSC6PScjfQwN";
let folder: string;
let signatures: number;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "watermarks-"));
  signatures = 0;
});
afterEach(() => rmSync(folder, { recursive: true }));

function request(store: WatermarkStore, address: string, bytes: Buffer): Promise<string> {
  return store.signature(address, readPayload(bytes, false), bytes, async () => `edsig${++signatures}`);
}

const attestation = (level: number, filler = 0, chain = 1) => voteBytes(0x13, { level, filler, chain });

test("keeps a mark for each kind, key and chain", async () => {
  const store = new WatermarkStore(folder);
  await request(store, alice, attestation(10));
  await request(store, alice, voteBytes(0x12, { level: 10 }));
  await request(store, alice, blockBytes({ level: 10 }));
  await request(store, bob, attestation(9));
  await request(store, alice, attestation(5, 0, 2));
  assert.equal(signatures, 5);
  await assert.rejects(request(store, alice, attestation(9)), /below high watermark 10/);
  await assert.rejects(request(store, bob, attestation(8)), /below high watermark 9/);
  await assert.rejects(request(store, alice, attestation(4, 0, 2)), /below high watermark 5/);
  assert.equal(signatures, 5);
});

test("a new process knows the marks, and answers the same bytes with the signature that was made", async () => {
  assert.equal(await request(new WatermarkStore(folder), alice, attestation(10)), "edsig1");
  const restarted = new WatermarkStore(folder);
  assert.equal(await request(restarted, alice, attestation(10)), "edsig1");
  await assert.rejects(request(restarted, alice, attestation(10, 1)), /already signed with different data/);
  assert.equal(signatures, 1);
});

test("a crash while a mark is written leaves the old one", async () => {
  await request(new WatermarkStore(folder), alice, attestation(10));
  writeFileSync(join(folder, "attestation_high_watermarks.tmp"), '{"Net');
  const restarted = new WatermarkStore(folder);
  await assert.rejects(request(restarted, alice, attestation(10, 1)), /already signed/);
  assert.equal(await request(restarted, alice, attestation(11)), "edsig2");
});

test("a signature that cannot be recorded is not handed out", async () => {
  const store = new WatermarkStore(folder);
  mkdirSync(join(folder, "attestation_high_watermarks.tmp"));
  await assert.rejects(request(store, alice, attestation(10)), /EISDIR/);
  assert.deepEqual(readdirSync(folder), ["attestation_high_watermarks.tmp"]);
  rmSync(join(folder, "attestation_high_watermarks.tmp"), { recursive: true });
  assert.equal(await request(store, alice, attestation(10)), "edsig2");
});

test("a key that fails leaves no mark, and the next request has its turn", async () => {
  const store = new WatermarkStore(folder);
  const bytes = attestation(10);
  await assert.rejects(
    store.signature(alice, readPayload(bytes, false), bytes, async () => assert.fail("no device")),
    /no device/,
  );
  assert.equal(await request(store, alice, attestation(10, 1)), "edsig1");
});

test("of two requests at once for one level and round, one is signed", async () => {
  const store = new WatermarkStore(folder);
  const both = await Promise.allSettled([
    request(store, alice, attestation(10)),
    request(store, alice, attestation(10, 1)),
  ]);
  assert.deepEqual(
    both.map(({ status }) => status),
    ["fulfilled", "rejected"],
  );
});

test("writes what octez-signer writes", async () => {
  await request(new WatermarkStore(folder), alice, attestation(10));
  const [[chain, marks]] = Object.entries<Record<string, { hash: string }>>(
    JSON.parse(readFileSync(join(folder, "attestation_high_watermarks"), "utf8")),
  ) as [[string, Record<string, { hash: string }>]];
  assert.match(chain, /^Net[1-9A-Za-z]{12}$/);
  assert.match(marks[alice]?.hash ?? "", /^[0-9a-f]{64}$/);
  assert.deepEqual(marks, { [alice]: { level: 10, round: 0, hash: marks[alice]?.hash, signature: "edsig1" } });
});

const chain = "NetXdQprcVkpaWU";
const mark = { level: 1, round: 0, hash: "00".repeat(32) };
const corrupt: [string, string][] = [
  ["empty", ""],
  ["cut off", '{"NetXdQprcVkpaWU": {'],
  ["a list", "[]"],
  ["of an unknown chain id", JSON.stringify({ main: { [alice]: mark } })],
  ["of an address with a wrong checksum", JSON.stringify({ [chain]: { [`${alice.slice(0, -1)}y`]: mark } })],
  ["without a level", JSON.stringify({ [chain]: { [alice]: { ...mark, level: undefined } } })],
  ["with a level that is text", JSON.stringify({ [chain]: { [alice]: { ...mark, level: "1" } } })],
  ["without a round", JSON.stringify({ [chain]: { [alice]: { ...mark, round: undefined } } })],
  ["with a short hash", JSON.stringify({ [chain]: { [alice]: { ...mark, hash: "00" } } })],
];
for (const [what, content] of corrupt) {
  test(`does not start on a file that is ${what}, and leaves it as it is`, () => {
    const file = join(folder, "block_high_watermarks");
    writeFileSync(file, content);
    assert.throws(() => new WatermarkStore(folder), {
      name: "WatermarkFileError",
      message: /block_high_watermarks: found/,
    });
    assert.equal(readFileSync(file, "utf8"), content);
  });
}

test("starts on marks that were raised by hand", async () => {
  writeFileSync(join(folder, "attestation_high_watermarks"), JSON.stringify({ [chain]: { [alice]: mark } }));
  new WatermarkStore(folder);
});
