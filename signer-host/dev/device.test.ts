import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { onSlowDevice } from "./device.ts";
import type { TezosKey } from "./keys.ts";
import { voteBytes } from "./sampleBytes.ts";
import { Signing } from "./signing.ts";
import { WatermarkStore } from "./watermarkStore.ts";

const addresses = ["tz1KqTpEZ7Yob7QbPE4Hy4Wo8fHG8LhKxZSx", "tz1fv55cpdomJVPYA5M6BeUhqs9M1DbRB79A"] as const;
const each = 100;
let folder: string;
let signing: Signing;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "device-"));
  const keys = addresses.map(
    (address): TezosKey => ({ address, alias: address, publicKey: "", isBls: false, sign: async () => "edsig" }),
  );
  signing = new Signing(onSlowDevice(new Map(keys.map((key) => [key.address, key])), each), new WatermarkStore(folder));
});
afterEach(() => rmSync(folder, { recursive: true }));

const vote = (level: number, filler = 0) => voteBytes(0x13, { level, filler });

test("a device signs for all of its keys one after the other, each in its time", async () => {
  const start = performance.now();
  const took = await Promise.all(
    [...addresses, ...addresses].map(async (address, index) => {
      await signing.sign(address, { version: 3 }, vote(1 + index));
      return performance.now() - start;
    }),
  );
  for (const [before, ms] of took.entries()) assert.ok(ms >= (before + 1) * (each - 5), `${took}`);
});

test("what its client gave up is signed by the device all the same, which then refuses that level", async () => {
  const giveUp = new AbortController();
  const given = signing.sign(addresses[0], { version: 3 }, vote(7), giveUp.signal);
  setTimeout(() => giveUp.abort(new Error("gone")), each / 2);
  await assert.rejects(given, /gone/);
  const again = signing.sign(addresses[0], { version: 3 }, vote(7));
  await assert.rejects(again, { name: "Refusal", message: /the device has signed attestation level 7 and round 0/ });
  assert.equal(await signing.sign(addresses[0], { version: 3 }, vote(8)), "edsig");
  assert.equal(await signing.sign(addresses[1], { version: 3 }, vote(7)), "edsig");
});

test("the recorded signature is given without the device", async () => {
  await signing.sign(addresses[0], { version: 3 }, vote(7));
  const start = performance.now();
  await signing.sign(addresses[0], { version: 3 }, vote(7));
  assert.ok(performance.now() - start < each / 2);
});
