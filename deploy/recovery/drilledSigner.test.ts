import assert from "node:assert/strict";
import { test } from "node:test";
import { drilledKeys, firstSignature } from "./drilledSigner.ts";

const log = [
  "2026-11-23T10:00:01.5Z home-baker: signed attestation level 7 in 4 ms",
  "2026-11-23T10:00:03.25Z home-baker: failed attestation level 8: no tunnel",
  "2026-11-23T10:00:05.5Z other-home-baker: signed block level 9 in 4 ms",
  "2026-11-23T10:00:07.75Z home-baker: signed block level 10 in 4 ms",
  "2026-11-23T10:00:09.75Z home-baker: signed attestation level 11 in 4 ms",
  "",
].join("\n");

test("the first signature is the key's own, and not before the disaster", () => {
  const at = (since: string, alias: string) => firstSignature(log, alias, new Date(since));
  assert.equal(at("2026-11-23T10:00:02Z", "home-baker"), Date.parse("2026-11-23T10:00:07.75Z"));
  assert.equal(at("2026-11-23T10:00:00Z", "home-baker"), Date.parse("2026-11-23T10:00:01.5Z"));
  assert.equal(at("2026-11-23T10:00:10Z", "home-baker"), undefined);
  assert.equal(at("2026-11-23T10:00:00Z", "office-baker"), undefined);
});

test("the keys are the first of each delegate of the config, with their signers", () => {
  const delegate = (...consensus: object[]) => ({ keys: { consensus } });
  const [a, b, c] = [
    { name: "a", signer: "home" },
    { name: "b", signer: ["office", "home"] },
    { name: "c", signer: "home" },
  ] as const;
  const bakers = [
    { name: "alice", delegates: [delegate(a, { name: "next", signer: "home" }), delegate(b)] },
    { name: "bob", delegates: [delegate(c)] },
  ];
  const file = { config: { "remote-signer-cloud:bakers": bakers } };
  assert.deepEqual(drilledKeys({ name: "x", configFile: "y", file, hasOtherCluster: false }), [
    { alias: "a", baker: "alice", signer: "home" },
    { alias: "b", baker: "alice", signer: "office" },
    { alias: "c", baker: "bob", signer: "home" },
  ]);
});
