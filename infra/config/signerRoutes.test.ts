import assert from "node:assert/strict";
import { test } from "node:test";
import { primarySigner, routeFor, signersOf } from "./signerRoutes.ts";

const key = (address: string, signer: string | string[]) => ({ name: address, address, publicKey: "edpk…", signer });
const bakers = [
  { name: "alice", keys: [key("tz1a", ["home", "cabin"]), key("tz1b", "office"), key("tz1c", ["home", "cabin"])] },
  { name: "bob", keys: [key("tz1d", ["home", "cabin"])] },
];

test("one name is a list of one", () => {
  assert.deepEqual(signersOf(key("tz1a", "home")), ["home"]);
  assert.deepEqual(signersOf(key("tz1a", ["home", "cabin"])), ["home", "cabin"]);
});

test("a baker asks the first signer of a key", () => {
  assert.equal(primarySigner(key("tz1a", ["home", "cabin"])), "home");
  assert.equal(primarySigner(key("tz1b", "office")), "office");
});

test("a route answers for the keys that have its signer first, to their bakers, each named once", () => {
  assert.deepEqual(routeFor("home", bakers), {
    keys: ["tz1a", "tz1c", "tz1d"],
    fallbacks: ["cabin"],
    bakers: ["baker-alice", "baker-bob"],
  });
  assert.deepEqual(routeFor("office", bakers), { keys: ["tz1b"], fallbacks: [], bakers: ["baker-alice"] });
});

test("a signer that is a fallback alone answers for nothing at its own port", () => {
  assert.deepEqual(routeFor("cabin", bakers), { keys: [], fallbacks: [], bakers: [] });
});
