import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Remains } from "./remains.ts";
import { planOf, type Situation } from "./respinPlan.ts";

const whole: Remains = { cluster: "answers", missing: [], wanted: 9, lostClaims: [], connected: ["home"] };
const lost: Remains = {
  cluster: "absent",
  missing: Array.from({ length: 9 }, (_, index) => `Kind ${index}`),
  wanted: 9,
  lostClaims: [{ name: "data-baker-alice-0", owner: "baker-alice" }],
};
const situation = (change: Partial<Situation>): Situation => ({
  remains: whole,
  address: "context prod",
  maker: "nobody",
  bakers: [],
  signers: ["home", "office"],
  ...change,
});

test("a stack that is whole is brought up to date, and nothing is said to be lost", () => {
  const plan = planOf(situation({}));
  assert.deepEqual(plan.will, ["bring the stack up to date", "wait until these signers have a tunnel: home"]);
  assert.deepEqual([plan.lost, plan.blocked, plan.awaited], [[], undefined, ["home"]]);
});

test("of a cluster that is gone nobody knows who had a tunnel: all signers are waited for", () => {
  const plan = planOf(situation({ remains: lost, maker: "local" }));
  assert.deepEqual(plan.awaited, ["home", "office"]);
  assert.equal(plan.will[0], "make this machine's own cluster");
});

test("a cluster that is stopped is started with what it has, and loses nothing", () => {
  const plan = planOf(situation({ remains: { ...lost, cluster: "stopped", lostClaims: [] }, maker: "local" }));
  assert.match(plan.will[0] ?? "", /^start .* with the data that it has$/);
  assert.deepEqual(plan.lost, []);
});

describe("Pulumi's state", () => {
  const states: [string, Situation["state"], RegExp, RegExp][] = [
    ["lost", { found: false, dead: 0 }, /knows nothing of the stack/, /^(?!.*drop)/],
    [
      "of a cluster that is gone",
      { found: true, dead: 12 },
      /12 objects of a cluster that is gone/,
      /drop 12 dead objects/,
    ],
    ["whole", { found: true, dead: 0 }, /state is there$/m, /^(?!.*drop)/],
  ];
  for (const [name, state, found, will] of states) {
    test(`that is ${name}`, () => {
      const plan = planOf(situation({ ...(state && { state }) }));
      assert.match(plan.found.join("\n"), found);
      assert.match(plan.will.join(" "), will);
    });
  }
});

describe("what does not come back", () => {
  const losses = (baker: object) =>
    planOf(situation({ remains: lost, maker: "local", bakers: [{ name: "alice", ...baker }] }));

  test("without a snapshot: the nonces and the baker's watermarks; the signer's watermarks still protect the key", () => {
    const text = losses({}).lost.join("\n");
    assert.match(text, /fetches the whole chain/);
    assert.match(text, /nonces that were not revealed are gone/);
    assert.match(text, /signer's are on the device and still refuse to sign a level twice/);
  });

  test("with a snapshot of the chain the node imports it", () =>
    assert.match(
      losses({ snapshotUrl: "https://x/rolling" }).lost.join("\n"),
      /imports the chain from https:\/\/x\/rolling/,
    ));

  test("with a backup the base dir is restored, and what is younger is lost", () => {
    const plan = losses({ backup: "2026-11-23T10:00:00Z" });
    assert.match(plan.will.join("\n"), /restore the base dir of baker alice from its snapshot of 2026-11-23T10:00:00Z/);
    assert.match(plan.lost.join("\n"), /as they were at 2026-11-23T10:00:00Z/);
    assert.doesNotMatch(plan.lost.join("\n"), /are gone/);
  });
});

test("a cluster of this machine's that does not answer may have lost nothing", () => {
  const bakers = [{ name: "alice" }];
  for (const cluster of ["silent", "failing"] as const) {
    const { lost: said } = planOf(situation({ remains: { ...lost, cluster }, maker: "local", bakers }));
    assert.match(said[0] ?? "", /^nothing, if the cluster's storage is whole/);
  }
  assert.doesNotMatch(planOf(situation({ remains: lost, maker: "local", bakers })).lost[0] ?? "", /^nothing/);
});

describe("nothing can be done yet", () => {
  const blocked: [string, Partial<Situation>, RegExp][] = [
    [
      "for a cluster that this stack did not make, and that is silent",
      { remains: { ...lost, cluster: "silent" } },
      /does not answer.*cluster\.context/s,
    ],
    ["or that is unknown", { remains: lost }, /is not there.*cluster\.context/s],
    [
      "or that answers with errors",
      { remains: { ...lost, cluster: "failing", said: "etcd failed" } },
      /with errors.*etcd failed/s,
    ],
    [
      "for a cluster that another stack has made",
      { remains: { ...lost, cluster: "silent" }, maker: { stack: "bakers" } },
      /stack bakers has made it.*respin -- --stack bakers/,
    ],
    [
      "for a cluster in the cloud that answers with errors: it is not gone",
      { remains: { ...lost, cluster: "failing" }, maker: "cloud" },
      /delete it in the console/,
    ],
  ];
  for (const [name, change, reason] of blocked) {
    test(name, () => {
      const plan = planOf(situation(change));
      assert.match(plan.blocked ?? "", reason);
      assert.deepEqual(plan.will, []);
    });
  }

  for (const [maker, cluster] of [
    ["cloud", "silent"],
    ["cloud", "absent"],
    ["local", "failing"],
    ["local", "silent"],
  ] as const) {
    test(`but not for one of maker ${maker} that is ${cluster}`, () =>
      assert.equal(planOf(situation({ remains: { ...lost, cluster }, maker })).blocked, undefined));
  }

  test("but a silent one in the cloud may still bake, and that is said", () => {
    const plan = planOf(situation({ remains: { ...lost, cluster: "silent" }, maker: "cloud" }));
    assert.match(plan.found.join("\n"), /goes on baking/);
  });
});
