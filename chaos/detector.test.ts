import assert from "node:assert/strict";
import { test } from "node:test";
import { type Signature, signedTwice } from "./detector.ts";

const first: Signature = {
  device: "home",
  address: "tz1a",
  chain: "NetX",
  kind: "attestation",
  level: 7,
  round: 0,
  digest: "aa",
};
const place = "tz1a: attestation of level 7, round 0, of chain NetX";

const cases: readonly (readonly [what: string, second: Partial<Signature>, byDevice: string[], byKey: string[]])[] = [
  ["the same bytes again", {}, [], []],
  ["the same bytes at another device", { device: "office" }, [], []],
  ["other bytes at the same device", { digest: "bb" }, [`home, ${place}`], [place]],
  ["other bytes at another device", { digest: "bb", device: "office" }, [], [place]],
  ["other bytes of another round", { digest: "bb", round: 1 }, [], []],
  ["other bytes of another level", { digest: "bb", level: 8 }, [], []],
  ["other bytes of another kind", { digest: "bb", kind: "block" }, [], []],
  ["other bytes of another chain", { digest: "bb", chain: "NetY" }, [], []],
  ["other bytes of another key", { digest: "bb", address: "tz1b" }, [], []],
];
for (const [what, second, byDevice, byKey] of cases)
  test(`${what}: ${byKey.length > 0 ? "signed twice" : "not signed twice"}`, () => {
    const found = signedTwice([first, { ...first, ...second }]);
    assert.deepEqual(
      [found.byDevice.map(({ where }) => where), found.byKey.map(({ where }) => where)],
      [byDevice, byKey],
    );
  });
