import assert from "node:assert/strict";
import { test } from "node:test";
import { b58Encode, getPkhfromPk, PrefixV2 } from "@taquito/utils";
import { readDelegateKeys } from "./delegateKeys.ts";
import { Delegates } from "./delegates.ts";

// Cycles of 10 levels.
const keys = [1, 2, 3, 4].map((byte) => {
  const pk = b58Encode(Buffer.alloc(32, byte), PrefixV2.Ed25519PublicKey);
  return { pk, pkh: getPkhfromPk(pk) };
});
const [own, first, second, other] = keys as [Key, Key, Key, Key];
type Key = (typeof keys)[number];

function registered(): Delegates {
  const delegates = new Delegates(10);
  delegates.register(own.pkh, 15);
  delegates.set(own.pkh, "consensus", first.pk, 15);
  return delegates;
}

test("a delegate that registers has rights, and its consensus key counts, after two whole cycles", () => {
  const delegates = registered();
  assert.equal(delegates.all[0]?.rightsFrom, 40);
  assert.equal(delegates.keyAt(own.pkh, "consensus", 39)?.pkh, own.pkh);
  assert.equal(delegates.keyAt(own.pkh, "consensus", 40)?.pkh, first.pkh);
  assert.equal(delegates.keyAt(own.pkh, "companion", 40), undefined);
});

test("a changed key is pending, and then active; the last change of a cycle is the one", () => {
  const delegates = registered();
  delegates.set(own.pkh, "consensus", other.pk, 41);
  delegates.set(own.pkh, "consensus", second.pk, 49);
  assert.deepEqual(delegates.keysNow(own.pkh, "consensus", 69), {
    active: first,
    pendings: [{ cycle: 7, ...second }],
  });
  assert.deepEqual(delegates.keysNow(own.pkh, "consensus", 70), { active: second, pendings: [] });
  assert.deepEqual(delegates.keysNow(own.pkh, "companion", 70), { active: null, pendings: [] });
});

test("what the protocol is against is refused", () => {
  const delegates = registered();
  const set = (address: string, key: Key) => () => delegates.set(address, "consensus", key.pk, 41);
  assert.throws(set(own.pkh, first), /already active since 4/);
  assert.throws(set(other.pkh, second), /is not registered as a delegate/);
  assert.throws(() => delegates.register(own.pkh, 41), /Delegate already activated/);
  assert.throws(() => delegates.set(own.pkh, "companion", first.pk, 41), /is already used as another/);
  delegates.register(other.pkh, 41);
  assert.throws(set(other.pkh, first), /is already used as another/);
  set(other.pkh, second)();
  assert.throws(set(own.pkh, other), /manager key of another registered delegate/);
});

test("a key that a baker asks for is a delegate of itself, until it is another's key", () => {
  const delegates = registered();
  for (const { pkh } of [first, second, own]) delegates.ask(pkh, 20);
  assert.deepEqual(
    delegates.all.map(({ address }) => address),
    [own.pkh, second.pkh],
  );
  delegates.set(own.pkh, "consensus", second.pk, 41);
  assert.deepEqual(
    delegates.all.map(({ rightsUntil }) => rightsUntil),
    [undefined, 43],
  );
  delegates.ask(first.pkh, 90);
  assert.equal(delegates.all.length, 2);
});

test("what operations have made is kept, and what bakers have asked for is not", () => {
  const delegates = registered();
  delegates.ask(second.pkh, 20);
  const kept = readDelegateKeys(JSON.parse(JSON.stringify(delegates.kept))) ?? assert.fail();
  assert.deepEqual(kept, [delegates.all[0]]);
  assert.deepEqual(new Delegates(10, kept).kept, kept);
  for (const bad of [{}, [{}], [{ ...kept[0], consensus: [{ cycle: "1" }] }]])
    assert.equal(readDelegateKeys(bad), undefined);
});
