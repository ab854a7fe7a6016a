import assert from "node:assert/strict";
import { test } from "node:test";
import { b58Encode, PrefixV2 } from "@taquito/utils";
import { chainOf } from "./chain.ts";
import { type Vote, voteBytes } from "./consensusBytes.ts";
import { type Key, keyOf } from "./fakeSigner.ts";
import { LiveChain } from "./liveChain.ts";
import { signedVote } from "./signedBytes.ts";

const chain = chainOf("sandbox");
const prefixes = [PrefixV2.Ed25519Seed, PrefixV2.Ed25519Seed, PrefixV2.BLS12_381SecretKey];
const [owner, first, second] = (await Promise.all(
  prefixes.map((prefix, at) => keyOf(b58Encode(Buffer.alloc(32, 21 + at), prefix))),
)) as [Key, Key, Key];

/** A chain on which a delegate's keys are `first`, and from level 48 on `second`. */
function changing() {
  const clock = { level: 0 };
  const live = new LiveChain(chain, () => chain.startMs + chain.intervalMs * clock.level);
  live.delegates.register(owner.address, 0);
  live.delegates.set(owner.address, "consensus", first.publicKey, 0);
  live.delegates.set(owner.address, "consensus", second.publicKey, 24);
  return { clock, live };
}

async function vote(live: LiveChain, key: Key, fields: Partial<Vote> = {}): Promise<void> {
  const content: Vote = {
    ...{ chainId: chain.id, branch: Buffer.alloc(32, 1), payloadHash: Buffer.alloc(32, 2) },
    ...{ slot: 0, level: live.head, round: live.roundOf(live.head), ...fields },
  };
  const bytes = voteBytes("attestation", content, key.address.startsWith("tz4"));
  const { prefixSig } = await key.signer.sign(bytes.toString("hex"));
  live.injectVote(signedVote("attestation", content, prefixSig));
}

test("the head and the time until the next are of one look at the clock, so no level is left out", () => {
  // A timer that rings early: the first look is before the level's end, a second one would be after it.
  const looks = [0, 1999, 2000].map((ms) => chain.startMs + ms);
  const live = new LiveChain(chain, () => looks.shift() ?? assert.fail("a look too many"));
  assert.deepEqual(live.headNow(), { level: 0, lastsMs: 1 });
  assert.deepEqual(live.headNow(), { level: 1, lastsMs: 2000 });
});

const cases: readonly [level: number, key: Key, isOnChain: boolean, what: string][] = [
  [47, first, true, "the key that counts"],
  [47, second, false, "the key that will count"],
  [47, owner, false, "the delegate's own key, which it has replaced"],
  [48, second, true, "the new key, a tz4, from its first level on"],
  [48, first, false, "the key that counted before"],
];
for (const [level, key, isOnChain, what] of cases) {
  test(`a vote of ${what} is ${isOnChain ? "" : "not "}in the next block`, async () => {
    const { clock, live } = changing();
    clock.level = level;
    await vote(live, key, { dal: 5n });
    clock.level++;
    assert.deepEqual(
      live.attestationsIn(level + 1).map(({ dal }) => dal),
      isOnChain ? [5n] : [],
    );
  });
}

test("a delegate that registered has rights from its cycle on, with the key of each level", () => {
  const { live } = changing();
  assert.deepEqual(live.rightsAt(23), []);
  const keysAt = (level: number) => live.rightsAt(level).map(({ delegate, consensusKey }) => [delegate, consensusKey]);
  assert.deepEqual(keysAt(47), [[owner.address, first.address]]);
  assert.deepEqual(keysAt(48), [[owner.address, second.address]]);
  assert.equal(live.baker(24), undefined);
  assert.equal(live.baker(26), owner.address);
});
