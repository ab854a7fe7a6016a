import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { authenticationKeyOf } from "../../infra/keys/authenticationKey.ts";
import { root } from "../../local/machine/checkout.ts";
import { sign } from "../../octez-stand-in/remoteSigner.ts";
import { Authorization } from "../../signer-host/dev/authorization.ts";
import { type Daemon, startDaemon } from "../../signer-host/dev/daemon.ts";
import { readTezosKeys, type TezosKey } from "../../signer-host/dev/keys.ts";
import { voteBytes } from "../../signer-host/dev/sampleBytes.ts";
import { Signing } from "../../signer-host/dev/signing.ts";
import { WatermarkStore } from "../../signer-host/dev/watermarkStore.ts";
import { podAddress } from "../../testbed/gatewayClient.ts";
import { Gateway } from "../../testbed/gatewayRig.ts";

// The gateway between the stand-in of octez-baker and the development signer, whose keys and signatures are real.

const gateway = new Gateway();
const seed = Buffer.alloc(32, 7).toString("base64");
const keyOf = (baker: string) => ({ alias: "authentication", ...authenticationKeyOf(seed, baker) });
const marks = mkdtempSync(join(tmpdir(), "rsc-authentication-"));
const keys = await readTezosKeys(join(root, "signer-host/dev/keys/home"));
const [{ address, publicKey }] = [...keys.values()] as [TezosKey, ...TezosKey[]];
let daemon: Daemon;

/** Starts the signer's daemon, anew at the port that it had, which signs anybody's requests or those of a baker. */
async function startSigner(baker?: string): Promise<void> {
  const port = daemon?.port ?? 0;
  await daemon?.close();
  const authorization = baker === undefined ? undefined : new Authorization([keyOf(baker).publicKey]);
  daemon = await startDaemon(new Signing(keys, new WatermarkStore(marks), {}, authorization), port);
}

before(async () => {
  await startSigner();
  await gateway.start([{ name: "home", port: daemon.port, keys: [address] }]);
  await gateway.isUp("home", true);
});

after(async () => {
  await gateway.stop();
  await daemon.close();
  rmSync(marks, { recursive: true });
});

/** Asks for a vote's signature as octez-baker does, with the keys of some bakers in its wallet. */
function vote(level: number, ...bakers: string[]): Promise<string> {
  const key = { alias: "home-baker", address, publicKey, signerUrl: `http://${podAddress}:${daemon.port}` };
  return sign(key, voteBytes(0x13, { level }), bakers.map(keyOf));
}

test("a device that does not require authentication signs for a baker with and without a key", async () => {
  assert.match(await vote(1), /^\w+$/);
  assert.match(await vote(2, "alice"), /^\w+$/);
});

test("one that is started anew to require it signs the next request, of the baker whose key it knows", async () => {
  await startSigner("alice");
  assert.match(await vote(3, "mallory", "alice"), /^\w+$/);
});

test("a baker without a key, or with one that it does not know, asks for no signature", async () => {
  for (const bakers of [[], ["mallory"]]) {
    await assert.rejects(vote(4, ...bakers), /expects authentication signature, but no authorized key was found/);
  }
});

test("the request that was signed is refused without authentication", async () => {
  const body = `"${voteBytes(0x13, { level: 3 }).toString("hex")}"`;
  const { status, text } = await gateway.post(daemon.port, `/keys/${address}?version=3`, body);
  assert.equal(status, 500);
  assert.match(text, /missing authentication signature field/);
});

test("a signer that requires none any more signs for anybody again", async () => {
  await startSigner();
  assert.match(await vote(5), /^\w+$/);
});
