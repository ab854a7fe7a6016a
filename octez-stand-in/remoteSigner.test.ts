import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { b58Encode, PrefixV2 } from "@taquito/utils";
import { FakeSigner, keyOf } from "./fakeSigner.ts";
import { sign } from "./remoteSigner.ts";

const bytes = Buffer.from(`11${"00".repeat(100)}`, "hex");
const prefixes = {
  tz1: PrefixV2.Ed25519Seed,
  tz2: PrefixV2.Secp256k1SecretKey,
  tz3: PrefixV2.P256SecretKey,
  tz4: PrefixV2.BLS12_381SecretKey,
};

async function signerFor(curve: keyof typeof prefixes, t: { after(fn: () => void): void }) {
  const key = await keyOf(b58Encode(Buffer.alloc(32, 7), prefixes[curve]));
  const signer = new FakeSigner(key);
  const signerUrl = await signer.listen();
  t.after(() => signer.close());
  return { signer, key: { alias: "home", address: key.address, publicKey: key.publicKey, signerUrl } };
}

// A real octez-baker's requests for a signature, as observed: request line, headers without the host, body.
type Sent = [line: string, headers: Readonly<Record<string, string>>, body: string];
const accept = "application/json, application/bson;q=0.1, application/octet-stream;q=0.2";
const sent = (address: string): Sent[] => [
  ["GET /authorized_keys", { accept }, ""],
  [
    `POST /keys/${address}?version=3`,
    { accept, "content-type": "application/json", "transfer-encoding": "chunked" },
    `"${bytes.toString("hex")}"\n`,
  ],
];

for (const curve of ["tz1", "tz2", "tz3", "tz4"] as const) {
  test(`a ${curve} key's signature is asked for as Octez does, and checked`, async (t) => {
    const { signer, key } = await signerFor(curve, t);
    assert.ok(key.address.startsWith(curve));
    await sign(key, bytes);
    const seen = signer.arrivals.map(
      ({ line, headers: { host: _, ...headers }, body }): Sent => [line, { ...headers } as Sent[1], body],
    );
    assert.deepEqual(seen, sent(key.address));
  });
}

test("each request has a connection of its own, which the baker closes after the answer", async (t) => {
  const { signer, key } = await signerFor("tz1", t);
  await sign(key, bytes);
  await sign(key, bytes);
  assert.deepEqual(
    signer.arrivals.map(({ connection }) => connection),
    [0, 1, 2, 3],
  );
  await sleep(50);
  assert.deepEqual(signer.connections, { opened: 4, closedByClient: 4 });
});

test("keys that ask at once have their connections at once", async (t) => {
  const { signer, key } = await signerFor("tz1", t);
  await Promise.all([1, 2, 3, 4].map(() => sign(key, bytes)));
  assert.deepEqual(
    signer.requests.map((line) => line.slice(0, 4)),
    ["GET ", "GET ", "GET ", "GET ", "POST", "POST", "POST", "POST"],
  );
});

test("another key's signature is refused", async (t) => {
  const { key } = await signerFor("tz1", t);
  const { publicKey } = await keyOf(b58Encode(Buffer.alloc(32, 8), prefixes.tz1));
  await assert.rejects(sign({ ...key, publicKey }, bytes), /produced an invalid signature/);
});

test("a signer that wants authentication is told of, not called", async (t) => {
  const { key, signer } = await signerFor("tz1", t);
  signer.answer = () => ({ status: 200, body: '{"authorized_keys":["tz1VSUr8wwNhLAzempoch5d6hLRiTh8Cjcjb"]}' });
  await assert.rejects(sign(key, bytes), /authenticated requests/);
  assert.deepEqual(signer.requests, ["GET /authorized_keys"]);
});

test("a 502 is tried ten times within four seconds", async (t) => {
  const { key, signer } = await signerFor("tz1", t);
  signer.answer = () => ({ status: 502, body: "no tunnel" });
  const start = performance.now();
  await assert.rejects(sign(key, bytes), /HTTP 502 no tunnel/);
  const seconds = (performance.now() - start) / 1000;
  assert.equal(signer.requests.length, 10);
  assert.ok(seconds >= 3.6 && seconds < 4.5, `${seconds} s`);
});

test("a 502 that passes is no failure", async (t) => {
  const { key, signer } = await signerFor("tz1", t);
  signer.answer = () => (signer.requests.length < 3 ? { status: 502, body: "" } : undefined);
  await sign(key, bytes);
});

for (const status of [400, 403, 404, 405, 408, 415, 429, 500, 501, 503, 504]) {
  test(`a ${status} is not tried again`, async (t) => {
    const { key, signer } = await signerFor("tz1", t);
    signer.answer = () => ({ status, body: "no" });
    await assert.rejects(sign(key, bytes), new RegExp(`HTTP ${status} no`));
    assert.equal(signer.requests.length, 1);
  });
}

test("a refused connection is not tried again", async (t) => {
  const { key, signer } = await signerFor("tz1", t);
  signer.close();
  const start = performance.now();
  await assert.rejects(sign(key, bytes), /ECONNREFUSED/);
  assert.ok(performance.now() - start < 1000);
});
