import assert from "node:assert/strict";
import { test } from "node:test";
import { blockBytes, magicByte, voteBytes } from "./consensusBytes.ts";
import { isSignature } from "./remoteSigner.ts";

// Requests that bakers on mainnet made in 2025 (level 10513876 and earlier), and a test key's signatures of them.
const publicKey = "edpkvV1nBq2gjQAuCHY5uNp8h2vBPvEzHWPrczySuKLkyRhwKZD4kz";
const block = {
  bytes:
    "117a06a77000a06dd417fc89ce97287862c59ff018f096be938c81454efc8bead42633ffff40429a17460000000068ea92180466ae1df25437b553f9d772aade2115aedbcd8720ce06a0975e13bc4ac1f008320000002100000001020000000400a06dd40000000000000004ffffffff00000004000000009a033180f02da06bd0a583fbfde72695562efefba5a9801a1ce2583496a04fb749f0d48f769c5a3453f9d14b5a61b8a9964709ce1c168ddbe61fc10c2bb3c136000000009aadd15cdae80000000a",
  signature: "edsigtr682GRbJQ7P8oUWtExRMsFpLidSzpJECRV3DmduyZqdJFtLfPfSXwog9fx5GUskPSi67EsPKYmp5SmT3ryCfH8qEZ49wt",
};
const votes = {
  preattestation: {
    bytes:
      "127a06a77040130177ce031f1a1c769c5437509bdc3bd5dd56e7ec5cf90e2a1c24eebcd02414011200a067be0000000001af791d701cd5526bad82ccb7f540c0591b64ebb48b4bf9e73d50585caf99c6",
    slot: 0x0112,
    level: 0xa067be,
    signature: "edsigtw3VwcmY7eDsA9ZUspZGU3As5oZmBFRmYKgitHb57tCuw4cziGC5rSckmYT4WtTkh3fj56DAjvSL35JXnGyKZCs64BkLqr",
  },
  attestation: {
    bytes:
      "137a06a77007507e2c5d933e80b0e40637244461d0b383e6689a8cebc7b4b11eaed736b7bb1502a200a063ec00000000aa1524d58f2e298833cec19aaea276ebe43b4fe12a71a256bf663113c34f4509",
    slot: 0x02a2,
    level: 0xa063ec,
    signature: "edsigu4Y9iLLXwMQehizsFs5XpW9ed9M1JEk8MqU7mGLQf7gh8biCDgus9TBNPR7WRnfcRcyCcCH2RuCZa9eGexEj543GnKWcG5",
  },
};
const hex = (text: string, from: number, length: number) => Buffer.from(text, "hex").subarray(from, from + length);

test("a block has the bytes of a real one", () => {
  const bytes = blockBytes({
    chainId: hex(block.bytes, 1, 4),
    level: 0xa06dd4,
    protocolLevel: 0x17,
    predecessor: hex(block.bytes, 10, 32),
    predecessorRound: 0,
    timestampMs: Date.parse("2025-10-11T17:21:28Z"),
    validationPasses: 4,
    operationsHash: hex(block.bytes, 51, 32),
    round: 0,
    context: hex(block.bytes, 120, 32),
    payloadHash: hex(block.bytes, 152, 32),
    nonce: Buffer.from("9aadd15cdae80000", "hex"),
    votes: 0x0a,
  });
  assert.equal(bytes.toString("hex"), block.bytes);
});

for (const kind of ["preattestation", "attestation"] as const) {
  const { bytes, level, slot } = votes[kind];
  const vote = {
    chainId: hex(bytes, 1, 4),
    branch: hex(bytes, 5, 32),
    slot,
    level,
    round: 0,
    payloadHash: hex(bytes, 48, 32),
  };

  test(`a ${kind} has the bytes of a real one`, () => {
    assert.equal(voteBytes(kind, vote, false).toString("hex"), bytes);
  });

  test(`a ${kind} with a BLS key has no slot, another tag, and else the same bytes`, () => {
    const tag = kind === "preattestation" ? "28" : "29";
    assert.equal(voteBytes(kind, vote, true).toString("hex"), `${bytes.slice(0, 74)}${tag}${bytes.slice(80)}`);
  });
}

test("octez-signer finds level and round where it looks for them", () => {
  const round = 3;
  const vote = {
    chainId: Buffer.alloc(4),
    branch: Buffer.alloc(32),
    slot: 7,
    level: 1234,
    round,
    payloadHash: Buffer.alloc(32),
  };
  const block = blockBytes({
    ...{
      chainId: Buffer.alloc(4),
      level: 1234,
      protocolLevel: 1,
      predecessor: Buffer.alloc(32),
      predecessorRound: 0,
      timestampMs: 0,
      round,
    },
    ...{
      validationPasses: 4,
      operationsHash: Buffer.alloc(32),
      context: Buffer.alloc(32),
      payloadHash: Buffer.alloc(32),
    },
    ...{ nonce: Buffer.alloc(8), votes: 2 },
  });
  // As its handler computes it: the fitness starts at 83, and its last four bytes are the round.
  const found = {
    block: [block.readInt32BE(5), block.readInt32BE(83 + block.readInt32BE(83))],
    attestation: [40, 44].map((offset) => voteBytes("attestation", vote, false).readInt32BE(offset)),
    blsAttestation: [38, 42].map((offset) => voteBytes("attestation", vote, true).readInt32BE(offset)),
  };
  assert.deepEqual(found, { block: [1234, 3], attestation: [1234, 3], blsAttestation: [1234, 3] });
  assert.deepEqual([block[0], magicByte.preattestation, magicByte.attestation], [0x11, 0x12, 0x13]);
});

test("a signature is checked against the public key and all bytes", () => {
  for (const { bytes, signature } of [block, votes.preattestation, votes.attestation]) {
    assert.ok(isSignature(publicKey, Buffer.from(bytes, "hex"), signature));
    assert.ok(!isSignature(publicKey, Buffer.from(`${bytes.slice(0, -2)}ff`, "hex"), signature));
  }
  assert.ok(!isSignature(publicKey, Buffer.from(block.bytes, "hex"), "no signature"));
});
