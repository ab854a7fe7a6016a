import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { b58DecodeAndCheckPrefix, b58Encode, PrefixV2 } from "@taquito/utils";
import { FakeSigner, keyOf } from "./fakeSigner.ts";
import { isSignature, sign } from "./remoteSigner.ts";

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

// The wallet's own key, whose signature the signer may want of each request.
const seed = b58Encode(Buffer.alloc(32, 9), PrefixV2.Ed25519Seed);
const authorizedBy = (...addresses: string[]) => ({
  status: 200,
  body: JSON.stringify({ authorized_keys: addresses }),
});

for (const curve of ["tz1", "tz4"] as const) {
  test(`a request for a ${curve} key's signature is signed if the signer wants that, as Octez does`, async (t) => {
    const { key, signer } = await signerFor(curve, t);
    const { address, publicKey } = await keyOf(seed);
    signer.answer = (path) => (path === "/authorized_keys" ? authorizedBy("tz1other", address) : undefined);
    await sign(key, bytes, [{ alias: "authentication", address, secretKey: seed }]);
    const [, line = ""] = signer.requests;
    const [, signature = ""] =
      /^POST \/keys\/\w+\?authentication=(edsig\w+)&version=3$/.exec(line) ?? assert.fail(line);
    // The request's kind, the curve's tag, the key's hash, and what is to be signed with its magic byte.
    const [hash] = b58DecodeAndCheckPrefix(key.address);
    const signed = Buffer.concat([Buffer.of(4, 1, curve === "tz1" ? 0 : 3), hash, bytes]);
    assert.equal(signed.length, 23 + bytes.length);
    assert.ok(isSignature(publicKey, signed, signature));
  });
}

const local = { alias: "authentication", address: "tz1VSUr8wwNhLAzempoch5d6hLRiTh8Cjcjb", secretKey: seed };
for (const [what, keys] of Object.entries({ "no local key": [], "another local key alone": [local] })) {
  test(`a signer that wants authentication is not asked by a wallet with ${what}`, async (t) => {
    const { key, signer } = await signerFor("tz1", t);
    signer.answer = () => authorizedBy(key.address);
    await assert.rejects(sign(key, bytes, keys), {
      message: "remote signer expects authentication signature, but no authorized key was found in the wallet",
    });
    assert.deepEqual(signer.requests, ["GET /authorized_keys"]);
  });
}

test("a local key that is none is told of without its text", async (t) => {
  const { key, signer } = await signerFor("tz1", t);
  signer.answer = () => authorizedBy(local.address);
  await assert.rejects(sign(key, bytes, [{ ...local, secretKey: "edskSecret" }]), {
    message: "the secret key of authentication is none of ed25519 (edsk…)",
  });
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
