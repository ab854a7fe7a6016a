import assert from "node:assert/strict";
import { test } from "node:test";
import type { InMemorySigner } from "@taquito/signer";
import { b58Encode, PrefixV2 } from "@taquito/utils";
import { Delegates } from "./delegates.ts";
import { type Key, keyOf } from "./fakeSigner.ts";
import { applyKeyOperation, type KeyOperation, operationBytes, readKeyOperation } from "./keyOperation.ts";

const keys = [PrefixV2.Ed25519Seed, PrefixV2.BLS12_381SecretKey, PrefixV2.BLS12_381SecretKey].map((prefix, index) =>
  keyOf(b58Encode(Buffer.alloc(32, 7 + index), prefix)),
);
const [owner, bls, other] = (await Promise.all(keys)) as [Key, Key, Key];
const proofOf = async (key: Key) => (await (key.signer as InMemorySigner).provePossession()).prefixSig;

async function apply(fields: Partial<KeyOperation>, delegates: Delegates, signer = owner): Promise<void> {
  const operation: KeyOperation = { delegate: owner.publicKey, role: "consensus", publicKey: bls.publicKey, ...fields };
  const { prefixSig: signature } = await signer.signer.sign(operationBytes(operation).toString("hex"));
  const bytes = Buffer.from(JSON.stringify({ operation, signature }));
  applyKeyOperation(readKeyOperation(bytes) ?? assert.fail(), delegates, 5);
}

test("a delegate's operation sets a tz4 that has proved its secret half", async () => {
  const delegates = new Delegates(8);
  await apply({ registers: true, proof: await proofOf(bls) }, delegates);
  assert.equal(delegates.keyAt(owner.address, "consensus", 24)?.pkh, bls.address);
  await apply({ role: "companion", publicKey: other.publicKey, proof: await proofOf(other) }, delegates);
  assert.equal(delegates.keyAt(owner.address, "companion", 24)?.pkh, other.address);
});

const refused: Readonly<Record<string, [fields: () => Promise<Partial<KeyOperation>>, message: RegExp]>> = {
  "no proof": [async () => ({}), /should contain a proof of possession/],
  "another key's proof": [async () => ({ proof: await proofOf(other) }), /an incorrect proof of possession/],
  "a proof that is none": [async () => ({ proof: "BLsig" }), /an incorrect proof of possession/],
  "a proof for a key that needs none": [
    async () => ({ publicKey: owner.publicKey, proof: await proofOf(bls) }),
    /contains an unused proof of possession/,
  ],
  "a companion key that is no tz4": [
    async () => ({ role: "companion", publicKey: owner.publicKey }),
    /that should be a tz4/,
  ],
  "a delegate that nobody has registered": [async () => ({ proof: await proofOf(bls) }), /is not registered/],
};
for (const [what, [fields, message]] of Object.entries(refused)) {
  test(`an operation is refused with ${what}`, async () => {
    await assert.rejects(apply(await fields(), new Delegates(8)), { message });
  });
}

test("a delegate whose key is refused is not registered either", async () => {
  const delegates = new Delegates(8);
  await assert.rejects(apply({ registers: true, publicKey: owner.publicKey }, delegates), /already active/);
  assert.deepEqual(delegates.all, []);
});

test("an operation is refused without the delegate's own signature", async () => {
  const fields = { registers: true, proof: await proofOf(bls) } as const;
  await assert.rejects(apply(fields, new Delegates(8), other), /The operation signature is invalid/);
});

test("a vote is no operation about keys", () => {
  for (const bytes of [Buffer.alloc(139), Buffer.from("{"), Buffer.from('{"operation":1}')])
    assert.equal(readKeyOperation(bytes), undefined);
});
