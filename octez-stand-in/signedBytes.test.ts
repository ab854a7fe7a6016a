import assert from "node:assert/strict";
import { test } from "node:test";
import { b58Encode, PrefixV2 } from "@taquito/utils";
import { blockBytes, freshContents, voteBytes } from "./consensusBytes.ts";
import { readSignedBlock, readSignedVote, signedBlock, signedVote } from "./signedBytes.ts";

const vote = {
  ...{ chainId: Buffer.alloc(4, 1), branch: Buffer.alloc(32, 2), slot: 0x0112 },
  ...{ level: 0xa067be, round: 3, payloadHash: Buffer.alloc(32, 4) },
};
const { chainId: _, ...content } = vote;
const ed25519 = b58Encode(Buffer.alloc(64, 5), PrefixV2.Ed25519Signature);
const bls = b58Encode(Buffer.concat([Buffer.alloc(32, 6), Buffer.alloc(64, 7)]), PrefixV2.BLS12_381Signature);

test("an injected vote is what was signed, and the signature", () => {
  const bytes = signedVote("attestation", vote, ed25519);
  assert.deepEqual(bytes, Buffer.concat([voteBytes("attestation", vote, false).subarray(5), Buffer.alloc(64, 5)]));
});

test("a BLS key's injected vote has the slot, and 32 bytes of the signature among the contents", () => {
  const bytes = signedVote("preattestation", vote, bls);
  const contents = voteBytes("preattestation", vote, false).subarray(5);
  assert.deepEqual(bytes, Buffer.concat([contents, Buffer.of(0xff, 3), Buffer.alloc(32, 6), Buffer.alloc(64, 7)]));
});

for (const kind of ["preattestation", "attestation"] as const) {
  test(`an injected ${kind} is read back, with either signature`, () => {
    const signature = Buffer.alloc(64, 5);
    assert.deepEqual(readSignedVote(signedVote(kind, vote, ed25519)), { kind, ...content, signature });
    assert.equal(readSignedVote(signedVote(kind, vote, bls))?.signature.length, 96);
  });
}

for (const dal of [0n, 1n << 40n]) {
  test(`an injected attestation that says ${dal} of the DAL is read back; a BLS key signs it without`, () => {
    const withDal = { ...vote, dal };
    assert.equal(readSignedVote(signedVote("attestation", withDal, ed25519))?.dal, dal);
    assert.equal(readSignedVote(signedVote("attestation", withDal, bls))?.dal, dal);
    assert.equal(voteBytes("attestation", withDal, false)[37], 23);
    assert.deepEqual(voteBytes("attestation", withDal, true), voteBytes("attestation", vote, true));
    assert.deepEqual(voteBytes("preattestation", withDal, false), voteBytes("preattestation", vote, false));
  });
}

for (const bytes of [Buffer.alloc(0), Buffer.alloc(139), signedVote("attestation", vote, ed25519).subarray(0, 138)]) {
  test(`${bytes.length} bytes of something else are no vote`, () => assert.equal(readSignedVote(bytes), undefined));
}

test("an injected block has its level and round", () => {
  const block = {
    ...{ ...freshContents(), chainId: vote.chainId, level: 1234, protocolLevel: 1, predecessor: Buffer.alloc(32) },
    ...{ predecessorRound: 1, timestampMs: 0, validationPasses: 4, round: 2, votes: 2 },
  };
  assert.deepEqual(readSignedBlock(signedBlock(blockBytes(block), ed25519)), { level: 1234, round: 2 });
  assert.throws(() => readSignedBlock(Buffer.alloc(20)), RangeError);
});
