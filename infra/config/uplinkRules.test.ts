import assert from "node:assert/strict";
import { test } from "node:test";
import { problemsOfUplinks } from "./uplinkRules.ts";

const wired = { interface: "eth0" };
const mobile = { interface: "wwan0", metered: true };
const tooMany = "signers[1].uplinks: 2 uplinks; at most 1";
const cases: [string, unknown[], string[]][] = [
  ["none", [], []],
  ["one", [mobile], []],
  ["two", [wired, mobile], [tooMany]],
  [
    "the same one twice",
    [wired, wired],
    ['signers[1].uplinks[1].interface: "eth0"; another than that of signers[1].uplinks[0]', tooMany],
  ],
  ["one without a name, which the schema reports", [{}], []],
  ["no list, which the schema reports", "eth0" as unknown as unknown[], []],
];
test("a signer has as many uplinks as the forwarder has replicas", () => {
  const input = { forwarder: { replicas: 2 }, signers: [{ uplinks: [wired, mobile] }] };
  assert.deepEqual(problemsOfUplinks(input), []);
  const three = { ...input, signers: [{ uplinks: [wired, mobile, { interface: "wwan1" }] }] };
  assert.match(problemsOfUplinks(three)[0]?.wanted ?? "", /^at most 2, one for each replica/);
});

for (const [what, uplinks, wanted] of cases) {
  test(`uplinks of a signer: ${what}`, () => {
    const found = problemsOfUplinks({ signers: [{ name: "office" }, { name: "home", uplinks }] });
    assert.deepEqual(
      found.map((problem) => `${problem.path}: ${problem.found}; ${problem.wanted.split(/[,:]/)[0]}`),
      wanted,
    );
  });
}
