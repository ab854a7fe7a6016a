import assert from "node:assert/strict";
import { test } from "node:test";
import { problemsOfUplinks } from "./uplinkRules.ts";

const wired = { interface: "eth0" };
const mobile = { interface: "wwan0", metered: true };
const cases: [string, unknown, unknown[], string[]][] = [
  ["none", undefined, [], []],
  ["one, and one replica by default", undefined, [wired], []],
  ["two, and two replicas", { replicas: 2 }, [wired, mobile], []],
  ["one, and two replicas", { replicas: 2 }, [mobile], []],
  ["two, and one replica", { replicas: 1 }, [wired, mobile], ["signers[1].uplinks: 2 uplinks; at most 1"]],
  ["two, and one replica by default", undefined, [wired, mobile], ["signers[1].uplinks: 2 uplinks; at most 1"]],
  [
    "the same one twice",
    { replicas: 2 },
    [wired, wired],
    ['signers[1].uplinks[1].interface: "eth0"; another than that of signers[1].uplinks[0]'],
  ],
  ["two without names, which the schema reports", { replicas: 2 }, [{}, {}], []],
  ["no list, which the schema reports", undefined, "eth0" as unknown as unknown[], []],
];
for (const [what, forwarder, uplinks, wanted] of cases) {
  test(`uplinks of a signer: ${what}`, () => {
    const found = problemsOfUplinks({ forwarder, signers: [{ name: "office" }, { name: "home", uplinks }] });
    assert.deepEqual(
      found.map((problem) => `${problem.path}: ${problem.found}; ${problem.wanted.split(/[,:]/)[0]}`),
      wanted,
    );
  });
}
