import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { objectNames, problemsOfObjectNames } from "./objectNames.ts";

const named = (...names: unknown[]) => names.map((name) => ({ name, backup: {} }));
const serviceMonitor = { kind: "ServiceMonitor", namespace: "monitoring" };

describe("a name that would give two objects one name is a problem", () => {
  const cases: [string, Record<string, unknown>, string[]][] = [
    [
      "a signer whose Service would be the forwarder's",
      { signers: named("home", "forwarder") },
      [
        'signers[1].name: found "forwarder", which makes a Service signer-forwarder; wanted another name: the forwarder makes one as well',
      ],
    ],
    [
      "a signer whose Service would be that of the second replica",
      { forwarder: { replicas: 2 }, signers: named("forwarder-1") },
      [
        'signers[0].name: found "forwarder-1", which makes a Service signer-forwarder-1; wanted another name: the forwarder makes one as well',
      ],
    ],
    ["a name like the second replica's, where there is none", { signers: named("forwarder-1") }, []],
    [
      "a signer whose Service would be the one at which routers ask",
      { signers: named("forwarder-replica-0") },
      [
        'signers[0].name: found "forwarder-replica-0", which makes a Service signer-forwarder-replica-0; wanted another name: the forwarder makes one as well',
      ],
    ],
    [
      "a signer whose Service would be that of the metrics",
      { signers: named("forwarder-metrics"), monitoring: serviceMonitor },
      [
        'signers[0].name: found "forwarder-metrics", which makes a Service signer-forwarder-metrics; wanted another name: the forwarder makes one as well',
      ],
    ],
  ];
  for (const [name, input, problems] of cases) {
    test(name, () => {
      assert.deepEqual(
        problemsOfObjectNames(input).map(({ path, found, wanted }) => `${path}: found ${found}; wanted ${wanted}`),
        problems,
      );
    });
  }
});

describe("names that only look alike are none", () => {
  const cases: [string, Record<string, unknown>][] = [
    ["a signer named after metrics that have no Service", { signers: named("forwarder-metrics") }],
    [
      "a signer named after metrics that another kind of monitor reads",
      { signers: named("forwarder-metrics"), monitoring: { kind: "PodMonitor", namespace: "monitoring" } },
    ],
    ["signers named after other objects", { signers: named("forwarder-host-key", "forwarder-0", "signer-forwarder") }],
    [
      "bakers named after what others of them have",
      {
        bakers: named("a", "a-wallet", "a-backup", "a-0", "a-0-0", "a-20261001-000000", "wallet", "backup", "client-a"),
      },
    ],
    [
      "a signer and a baker of one name",
      { signers: named("baker-a", "a"), bakers: named("a", "signer-a", "forwarder") },
    ],
    ["two signers of one name, which is said elsewhere", { signers: named("home", "home") }],
    ["entries that are none", { signers: [null, 7, {}, { name: 7 }], bakers: "none", monitoring: [] }],
  ];
  for (const [name, input] of cases) test(name, () => assert.deepEqual(problemsOfObjectNames(input), []));
});

test("what is in no namespace says whose it is, so that no other stack has it", () => {
  // The names of stacks and releases have no dots, so the part before the first dot is the stack.
  const input = { signers: named("home"), bakers: named("a", "b"), monitoring: serviceMonitor };
  const own = /^(PriorityClass|Cluster.*|Validating.*|VolumeSnapshotClass)$/;
  const names = (stack: string) => objectNames(stack, input).filter(({ kind }) => own.test(kind));
  assert.equal(names("one").length, 13);
  for (const { name } of names("one")) assert.match(name, /^one\.[a-z0-9-]+$/);
  const both = [...names("one"), ...names("one-baker-a")].map(({ kind, name }) => `${kind} ${name}`);
  assert.equal(new Set(both).size, both.length);
});
