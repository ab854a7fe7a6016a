import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { InMemorySigner } from "@taquito/signer";
import { b58Encode, PrefixV2 } from "@taquito/utils";
import { chainOf } from "./chain.ts";
import { FakeSigner, keyOf } from "./fakeSigner.ts";
import { LiveChain } from "./liveChain.ts";
import { rpcServer } from "./nodeRpc.ts";
import { RunningProgram } from "./runningProgram.ts";

const root = mkdtempSync(join(tmpdir(), "octez-client-"));
const chain = chainOf("sandbox");
let level = 100;
const server = rpcServer(new LiveChain(chain, () => chain.startMs + chain.intervalMs * level));
const seed = b58Encode(Buffer.alloc(32, 1), PrefixV2.Ed25519Seed);
const [owner, next, bls] = await Promise.all([
  keyOf(seed),
  keyOf(b58Encode(Buffer.alloc(32, 2), PrefixV2.Ed25519Seed)),
  keyOf(b58Encode(Buffer.alloc(32, 3), PrefixV2.BLS12_381SecretKey)),
]);
const proof = (await (bls.signer as InMemorySigner).provePossession()).prefixSig;
const other = b58Encode(Buffer.alloc(96, 1), PrefixV2.BLS12_381Signature);
const signer = new FakeSigner(bls);
let endpoint = "";
let signerUrl = "";

before(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  signerUrl = await signer.listen();
});
after(() => {
  signer.close();
  server.closeAllConnections();
  server.close();
  rmSync(root, { recursive: true });
});

async function client(...args: string[]): Promise<string> {
  const program = new RunningProgram("octez-client", ["--base-dir", root, "--endpoint", endpoint, ...args]);
  return `${await program.ended()} ${program.lines.join("\n")}`;
}
const words = (text: string) => text.split(" ");
const keysOf = async (role: string) => {
  const path = `/chains/main/blocks/head/context/delegates/${owner.address}`;
  const all = await client("rpc", "get", path);
  const one = await client("rpc", "get", `${path}/${role}_key`);
  const keys = JSON.parse(one.slice(2)) as unknown;
  assert.deepEqual((JSON.parse(all.slice(2)) as Record<string, unknown>)[`${role}_key`], keys);
  return keys;
};

test("octez-client imports keys, and lists them", async () => {
  assert.equal(
    await client("import", "secret", "key", "owner", `unencrypted:${seed}`),
    `0 Tezos address added: ${owner.address}`,
  );
  const importNext = ["import", "public", "key", "next", `unencrypted:${next.publicKey}`];
  assert.equal(await client(...importNext), `0 Tezos address added: ${next.address}`);
  assert.match(await client(...importNext), /^1 .*alias next already exists\. Use --force/);
  assert.equal(await client(...importNext, "--force"), `0 Tezos address added: ${next.address}`);
  assert.equal(
    await client("list", "known", "addresses"),
    `0 owner: ${owner.address} (unencrypted sk known)\nnext: ${next.address} (pk known)`,
  );
});

test("a delegate registers with a consensus key, which counts from the third cycle on", async () => {
  assert.match(
    await client(...words("register key owner as delegate with consensus key next")),
    /^0 Operation successfully injected in the node\.\nOperation hash is 'o\w+'$/,
  );
  const { address: pkh, publicKey: pk } = next;
  assert.deepEqual(await keysOf("consensus"), { active: { pkh: owner.address }, pendings: [{ cycle: 15, pkh, pk }] });
  level = 120;
  assert.deepEqual(await keysOf("consensus"), { active: { pkh, pk }, pendings: [] });
  assert.match(await client(...words("set consensus key for owner to next")), /^1 .*\n.*already active since 15/);
});

test("a tz4 becomes a companion key by its signer's proof, or by a given one", async () => {
  const set = words("set companion key for owner to bls");
  assert.match(await client(...set), /^1 .*\n.*no public key alias named bls/);
  await client("import", "public", "key", "bls", `unencrypted:${bls.publicKey}`);
  assert.match(await client(...set), new RegExp(`Unknown secret key for ${bls.address}`));
  assert.match(await client(...set, "--companion-key-pop", "BLsig"), /The provided proof is not a BLS signature/);
  assert.match(await client(...set, "--companion-key-pop", other), /an incorrect proof of possession/);
  assert.equal(await client(...words(`check bls proof ${proof} for ${bls.publicKey}`)), "0 Proof check is successful.");
  assert.match(await client(...words(`check bls proof ${other} for ${bls.publicKey}`)), /^1 .*\n.*Invalid proof/);
  assert.match(await client(...set, "--companion-key-pop", proof), /^0 /);

  level = 200;
  signer.answer = (path) => {
    const body = path.includes("prove") ? { bls_prove_possession: proof } : { public_key: bls.publicKey };
    return { status: 200, body: JSON.stringify(body) };
  };
  assert.match(await client("import", "secret", "key", "bls", `${signerUrl}/${bls.address}`, "-f"), /^0 /);
  assert.match(await client(...words("set consensus key for owner to bls")), /already used as another/);
  assert.deepEqual(signer.requests, [`GET /keys/${bls.address}`, `GET /bls_prove_possession/${bls.address}`]);
  const { address: pkh, publicKey: pk } = bls;
  assert.deepEqual(await keysOf("companion"), { active: { pkh, pk }, pendings: [] });
});

test("octez-client refuses what it doesn't know, without a word of a secret key", async () => {
  assert.match(await client("bake", "for"), /^1 octez-client: Unrecognized command: bake for/);
  assert.match(await client("rpc", "get", "/nothing"), /^1 .*\n.*Did not find service/);
  for (const kind of ["public", "secret"]) {
    const answer = await client("import", kind, "key", "bad", "unencrypted:edskbad");
    assert.match(answer, /^1 /);
    assert.doesNotMatch(answer, /edskbad/);
  }
  assert.match(await client(...words("set consensus key for tz1nobody to next")), /Unknown secret key for tz1nobody/);
});
