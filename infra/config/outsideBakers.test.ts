import assert from "node:assert/strict";
import { test } from "node:test";
import { parseConfig } from "./config.ts";
import { bootstrap1, bootstrap2, delegatesOf, good, problemsAfter, type Tree, values } from "./sampleConfig.ts";

const carol = { name: "carol", network: "shadownet", delegates: delegatesOf(bootstrap2) };
const seed = Buffer.alloc(32, 1).toString("base64");
const publicKey = bootstrap1.publicKey;

type Case = [name: string, change: Tree, ...problems: RegExp[]];
const cases: Case[] = [
  [
    "one with all that it can have",
    { chainId: "NetXnHfVqm9iesp", minimalBlockSeconds: 4, sourceRanges: ["10.0.0.0/8"] },
  ],
  [
    "what only a pod has",
    { dal: false, storage: { size: "5Gi" } },
    /^outsideBakers\[0\]: found an unknown key "dal"; wanted only keys of the config reference$/,
    /^outsideBakers\[0\]: found an unknown key "storage"/,
  ],
  [
    "all addresses there are",
    { sourceRanges: ["0.0.0.0/0"] },
    /^outsideBakers\[0\]\.sourceRanges\[0\]: found "0\.0\.0\.0\/0"; wanted .*not all there are$/,
  ],
  [
    "the name of a baker of the stack",
    { name: "alice" },
    /^outsideBakers\[0\]\.name: found "alice"; wanted another than that of bakers\[0\]\.name$/,
  ],
  [
    "the key of a baker of the stack, which would sign twice",
    { delegates: delegatesOf(bootstrap1) },
    /^outsideBakers\[0\]\.delegates\[0\]\.address: found "tz1.*; wanted another than that of bakers\[0\]\.delegates\[0\]$/,
    /^outsideBakers\[0\]\.delegates\[0\]\.keys\.consensus\[0\]\.address: found .*; wanted another than that of bakers\[0\]\.delegates\[0\]\.keys\.consensus\[0\], a consensus key$/,
  ],
  [
    "a signer that is not there",
    { delegates: delegatesOf({ ...bootstrap2, signer: "hoem" }) },
    /^outsideBakers\[0\]\.delegates\[0\]\.keys\.consensus\[0\]\.signer: found "hoem"; .*"home", "office"/,
  ],
  [
    "another order of signers than a baker of the stack has",
    { delegates: delegatesOf({ ...bootstrap2, signer: ["home", "office"] }) },
    /^outsideBakers\[0\]\.delegates\[0\]\.keys\.consensus\[0\]\.signer: found "home", "office"; wanted "home", as for bakers\[0\]/,
  ],
  [
    "a key for its requests, where the stack's bakers have none",
    { authenticationKey: publicKey },
    /^outsideBakers\[0\]\.authenticationKey: found "edpk.*; wanted no key without an authenticationSeed/,
  ],
];
for (const [name, change, ...problems] of cases) {
  test(`${problems.length > 0 ? "a problem" : "no problem"}: ${name}`, () => {
    const found = problemsAfter((config) => Object.assign(config, { outsideBakers: [{ ...carol, ...change }] }));
    assert.equal(found.length, problems.length, found.join("\n"));
    for (const [i, problem] of problems.entries()) assert.match(found[i] as string, problem);
  });
}

test("with an authenticationSeed it needs a key for its requests, as its signers sign no others", () => {
  const withSeed = (change: Tree) =>
    problemsAfter((config) =>
      Object.assign(config, { authenticationSeed: seed, outsideBakers: [{ ...carol, ...change }] }),
    );
  assert.deepEqual(withSeed({ authenticationKey: publicKey }), []);
  const [problem = "", ...others] = withSeed({});
  assert.match(
    problem,
    /^outsideBakers\[0\]\.authenticationKey: found nothing; wanted the public key with which it signs/,
  );
  assert.deepEqual(others, []);
  assert.match(withSeed({ authenticationKey: "edpkbad" }).join("\n"), /authenticationKey: found "edpkbad"/);
});

test("a stack may have bakers outside of it alone", () => {
  const { outsideBakers } = parseConfig("dev", values({ ...good(), bakers: [], outsideBakers: [carol] }));
  assert.deepEqual(outsideBakers, [{ ...carol, sourceRanges: [] }]);
});
