import assert from "node:assert/strict";
import { test } from "node:test";
import { InMemorySigner } from "@taquito/signer";
import { authenticationKeyOf, problemOfSeed } from "./authenticationKey.ts";

const seed = Buffer.alloc(32, 7).toString("base64");

test("a baker's key is the same each time, another for another baker or seed, and whole", async () => {
  const key = authenticationKeyOf(seed, "alice");
  // A change of these would lock every baker out of the devices that know its key.
  assert.equal(key.publicKey, "edpkuhSduzfHKCZ5DE8pUryW4Cnx5Nj5qw6RrBUgp444kiEtuJqbht");
  assert.notEqual(authenticationKeyOf(seed, "bob").publicKey, key.publicKey);
  assert.notEqual(authenticationKeyOf(Buffer.alloc(32, 8).toString("base64"), "alice").publicKey, key.publicKey);
  const signer = new InMemorySigner(key.secretKey);
  assert.deepEqual([await signer.publicKey(), await signer.publicKeyHash()], [key.publicKey, key.address]);
});

test("a seed is 32 bytes in base64", () => {
  assert.equal(problemOfSeed(seed), undefined);
  assert.equal(problemOfSeed(`${seed}\n`), undefined);
  for (const text of [
    "",
    "x",
    seed.slice(4),
    `${seed}AAAA`,
    seed.replace("=", ""),
    Buffer.alloc(32, 7).toString("hex"),
  ])
    assert.match(problemOfSeed(text) ?? "", /^32 bytes in base64/, text);
});
