import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { InMemorySigner } from "@taquito/signer";
import { b58Encode, PrefixV2, verifySignature } from "@taquito/utils";
import { type Daemon, startDaemon } from "./daemon.ts";
import type { TezosKey } from "./keys.ts";
import { blockBytes, voteBytes } from "./sampleBytes.ts";
import { Signing } from "./signing.ts";
import { WatermarkStore } from "./watermarkStore.ts";

const prefixes = [
  PrefixV2.Ed25519Seed,
  PrefixV2.Secp256k1SecretKey,
  PrefixV2.P256SecretKey,
  PrefixV2.BLS12_381SecretKey,
];
const unknown = "tz1KqTpEZ7Yob7QbPE4Hy4Wo8fHG8LhKxZSx";
const keys: TezosKey[] = [];
const seen: string[] = [];
const folder = mkdtempSync(join(tmpdir(), "daemon-"));
let daemon: Daemon;
let level = 0;

before(async () => {
  for (const prefix of prefixes) {
    const signer = new InMemorySigner(b58Encode(new Uint8Array(32).fill(1), prefix));
    keys.push({
      alias: prefix,
      address: await signer.publicKeyHash(),
      publicKey: await signer.publicKey(),
      isBls: signer.canProvePossession,
      sign: async (bytes) => (await signer.sign(bytes)).prefixSig,
    });
  }
  const signing = new Signing(new Map(keys.map((key) => [key.address, key])), new WatermarkStore(folder), {
    onSigned: ({ kind, level }) => seen.push(`${kind} ${level}`),
    onRefused: (message) => seen.push(message),
  });
  daemon = await startDaemon(signing);
});
after(async () => {
  await daemon.close();
  rmSync(folder, { recursive: true });
});

const key = (prefix: string) => keys.find(({ address }) => address.startsWith(prefix)) ?? assert.fail(prefix);

function ask(path: string, init?: RequestInit): Promise<Response> {
  return fetch(`http://127.0.0.1:${daemon.port}${path}`, init);
}

function post(path: string, body: string | Uint8Array, contentType = "application/json"): Promise<Response> {
  const text = typeof body === "string" ? body : JSON.stringify(Buffer.from(body).toString("hex"));
  return ask(path, { method: "POST", headers: { "content-type": contentType }, body: text });
}

async function assertRefused(response: Response, message: RegExp): Promise<void> {
  assert.equal(response.status, 500);
  assert.match(response.headers.get("content-type") ?? "", /^application\/json/);
  const errors = (await response.json()) as [{ msg: string }];
  assert.deepEqual(errors, [{ kind: "temporary", id: "failure", msg: errors[0].msg }]);
  assert.match(errors[0].msg, message);
}

test("says that it wants no authentication", async () => {
  assert.equal(await (await ask("/authorized_keys")).text(), "{}\n");
});

for (const prefix of ["tz1", "tz2", "tz3", "tz4"]) {
  test(`tells the public key of a ${prefix} and signs with it`, async () => {
    const { address, publicKey, isBls } = key(prefix);
    assert.deepEqual(await (await ask(`/keys/${address}`)).json(), { public_key: publicKey });
    level += 1;
    for (const bytes of [blockBytes({ level }), voteBytes(0x12, { level }, isBls), voteBytes(0x13, { level }, isBls)]) {
      const response = await post(`/keys/${address}?version=2`, bytes);
      assert.equal(response.status, 200);
      const { signature, ...others } = (await response.json()) as { signature: string };
      assert.deepEqual(others, {});
      assert.match(signature, /^(edsig|spsig1|p2sig|BLsig)/);
      assert.ok(verifySignature(bytes, publicKey, signature));
    }
    assert.deepEqual(seen.slice(-3), [`block ${level}`, `preattestation ${level}`, `attestation ${level}`]);
  });
}

test("answers the same bytes with the same signature, and other bytes with an error", async () => {
  const path = `/keys/${key("tz2").address}`;
  level += 1;
  const first = await (await post(path, voteBytes(0x13, { level }))).text();
  assert.equal(await (await post(path, voteBytes(0x13, { level }))).text(), first);
  await assertRefused(await post(path, voteBytes(0x13, { level, filler: 1 })), /already signed with different data/);
  assert.match(seen.at(-1) ?? "", /already signed/);
});

test("takes any query that octez-baker sends", async () => {
  const { address, sign } = key("tz1");
  const authentication = await sign(Buffer.of(4));
  for (const query of ["", "?version=0", "?version=3", `?version=2&authentication=${authentication}`, "?future=1"]) {
    level += 1;
    assert.equal((await post(`/keys/${address}${query}`, voteBytes(0x13, { level }))).status, 200, query);
  }
});

test("signs with a tz4 in every version that has BLS", async () => {
  const { address } = key("tz4");
  for (const version of ["1", "2", "3"]) {
    level += 1;
    const response = await post(`/keys/${address}?version=${version}`, voteBytes(0x13, { level }, true));
    assert.equal(response.status, 200, version);
  }
  level += 1;
  await assertRefused(await post(`/keys/${address}?version=0`, voteBytes(0x13, { level }, true)), /version 0/);
});

test("does not know a foreign key: 404 to look at, an error to sign", async () => {
  const looked = await ask(`/keys/${unknown}`);
  assert.deepEqual([looked.status, await looked.text()], [404, ""]);
  await assertRefused(await post(`/keys/${unknown}`, voteBytes(0x13, { level: 1 })), /^no keys for .* tz1K/);
});

test("signs nothing but blocks and votes", async () => {
  const path = `/keys/${key("tz1").address}`;
  await assertRefused(await post(path, Buffer.of(0x03, 1, 2, 3)), /^magic byte 0x03 not allowed$/);
  await assertRefused(await post(path, Buffer.of(0x11)), /too short/);
});

test("refuses to list its keys and to prove their possession", async () => {
  await assertRefused(await ask("/known_keys"), /not allowed/);
  await assertRefused(await ask(`/bls_prove_possession/${key("tz4").address}`), /not allowed/);
});

for (const body of ["", "{", "13ab", "{}", "null", "12", '"13a"', '"13zz"', '"0x13"', '["13"]', '"13" "13"']) {
  test(`takes the body ${JSON.stringify(body)} for a bad request`, async () => {
    const response = await post(`/keys/${key("tz1").address}`, body);
    assert.equal(response.status, 400);
    assert.match(await response.text(), /^Failed to parse the request body: wanted/);
  });
}

const statuses: [string, string, number, (string | undefined)?][] = [
  ["POST", "/keys/not-an-address", 400],
  ["GET", "/keys/tz1KqTpEZ7Yob7QbPE4Hy4Wo8fHG8LhKxZSy", 400],
  ["POST", `/keys/${unknown}?version=4`, 400],
  ["POST", `/keys/${unknown}?version=`, 400],
  ["POST", `/keys/${unknown}?authentication=edsigno`, 400],
  ["GET", "/", 404],
  ["GET", "/keys", 404],
  ["GET", "/keys/", 404],
  ["GET", `/keys/${unknown}/more`, 404],
  ["GET", "/version", 404],
  ["POST", "/authorized_keys", 405, "GET"],
  ["DELETE", `/keys/${unknown}`, 405, "GET, POST"],
];
for (const [method, path, status, allow = null] of statuses) {
  test(`answers ${method} ${path} with ${status}`, async () => {
    const response = await (method === "POST" ? post(path, voteBytes(0x13, { level: 1 })) : ask(path, { method }));
    assert.equal(response.status, status);
    assert.equal(response.headers.get("allow"), allow);
  });
}

test("listens on this host alone, and lets its port go when it is closed", async () => {
  const signing = new Signing(new Map(), new WatermarkStore(folder));
  const first = await startDaemon(signing);
  await assert.rejects(startDaemon(signing, first.port), { code: "EADDRINUSE" });
  await first.close();
  await (await startDaemon(signing, first.port)).close();
});
