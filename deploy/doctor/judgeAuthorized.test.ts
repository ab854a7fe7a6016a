import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { findingsOf } from "./decide.ts";
import type { Facts, PageAnswer, SignerConfigFacts } from "./facts.ts";
import { sampleConfig, sampleFacts } from "./sampleFacts.ts";

const [home] = sampleConfig.signers as [SignerConfigFacts];
const alices = "tz1aliceaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const alicesNext = "tz1alicebbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const strangers = "tz1strangerccccccccccccccccccccccccc";

/** What the doctor finds of a signer of the config whose daemon answers so. */
function found(signer: Partial<SignerConfigFacts>, authorized: PageAnswer | readonly string[] | undefined) {
  const page = Array.isArray(authorized) ? pageOf({ authorized_keys: authorized }) : (authorized as PageAnswer);
  const { home: host } = sampleFacts.hosts as NonNullable<Facts["hosts"]>;
  const facts: Facts = {
    ...sampleFacts,
    config: { value: { ...sampleConfig, signers: [{ ...home, ...signer }] } },
    hosts: { home: { ...(host as NonNullable<typeof host>), authorized: page } },
  };
  const findings = findingsOf(facts).filter(({ hop }) => hop === "authorized");
  assert.equal(findings.length, 1);
  return findings[0] as (typeof findings)[number];
}

const pageOf = (body: unknown, status = 200): PageAnswer => ({ value: { status, text: JSON.stringify(body) } });
const anybody = pageOf({});
const seed = { authorized: [alices] };
const bothSeeds = { authorized: [alices], authorizedNext: [alicesNext] };

describe("whose requests a device signs is beside whose requests the stack's bakers are:", () => {
  const cases: [string, Partial<SignerConfigFacts>, PageAnswer | string[], string, RegExp, RegExp][] = [
    ["no seed, and none required", {}, anybody, "ok", /without authentication/, /^$/],
    ["a seed, and required", seed, [alices], "ok", /of its bakers alone$/, /^$/],
    ["others as well", seed, [strangers, alices], "ok", /and of others$/, /^$/],
    ["both seeds", bothSeeds, [alices, alicesNext], "ok", /of its bakers alone$/, /^$/],
    [
      "no seed, and required",
      {},
      [strangers],
      "bad",
      /requires authentication, and its bakers/,
      /an authenticationSeed/,
    ],
    ["required of nobody", {}, [], "bad", /requires authentication/, /without --require-authentication/],
    ["another stack's keys", seed, [strangers], "bad", new RegExp(alices), /npm run kit -- home --stack prod/],
    [
      "Signatory with others' keys",
      { ...seed, device: "signatory" },
      [strangers],
      "bad",
      /does not sign/,
      /output signers\.home\.authorizedKeys/,
    ],
    ["a seed, and none required", seed, anybody, "unknown", /of others as well/, /npm run kit -- home/],
    ["Signatory that requires none", { ...seed, device: "signatory" }, anybody, "unknown", /others/, /authorizedKeys/],
    ["a device that can't require it", { ...seed, device: "tezsign" }, anybody, "ok", /without authentication/, /^$/],
    ["a next seed that the device does not know", bothSeeds, [alices], "unknown", /nextAuthenticationSeed/, /^before/],
    ["no baker", { keys: [] }, [strangers], "ok", /no baker/, /^$/],
    ["an older forwarder", seed, pageOf("", 404), "unknown", /does not tell/, /npm run up/],
    ["no answer", seed, { error: "no" }, "unknown", /does not tell/, /npm run up/],
    ["no JSON", seed, { value: { status: 200, text: "{" } }, "unknown", /does not tell/, /npm run up/],
  ];
  for (const [what, signer, authorized, state, text, cure] of cases) {
    test(what, () => {
      const finding = found(signer, authorized);
      assert.equal(finding.state, state);
      assert.match(finding.found, text);
      assert.match(finding.cure ?? "", cure);
    });
  }
});
