import assert from "node:assert/strict";
import { test } from "node:test";
import type { Manifest } from "../stack/manifest.ts";
import { appliedAnnotation, areObjects, digestOf, listObjects } from "./appliedObjects.ts";
import { apply } from "./kubectl.ts";

const labels = { "app.kubernetes.io/part-of": "remote-signer-cloud" };
const namespace: Manifest = { apiVersion: "v1", kind: "Namespace", metadata: { name: "one", labels } };
const deployment: Manifest = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "a", namespace: "one" },
  spec: { replicas: 1, containers: [{ name: "x", ports: [{ port: 1 }] }] },
};
const secret: Manifest = {
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: "a", namespace: "one" },
  data: { k: "v" },
};
const wanted = [secret, deployment];

/** An object as the cluster has it: with its defaults, and what others have added. */
function live(object: Manifest, changes: Record<string, unknown> = {}): Manifest {
  const metadata = { ...object.metadata, uid: "1", annotations: { "somebody/else": "1" } };
  return { ...structuredClone(object), metadata, status: {}, ...changes };
}

const spec = {
  replicas: 1,
  strategy: {},
  containers: [{ name: "x", image: "default", ports: [{ port: 1, protocol: "TCP" }] }],
};
const cases: [string, boolean, Manifest[]][] = [
  ["with defaults in maps and in lists", true, [live(deployment, { spec }), live(secret)]],
  ["with another value", false, [live(deployment, { spec: { ...spec, replicas: 0 } }), live(secret)]],
  ["without a value", false, [live(deployment, { spec: { containers: spec.containers } }), live(secret)]],
  [
    "with a list that is longer",
    false,
    [live(deployment, { spec: { ...spec, containers: [...spec.containers, {}] } }), live(secret)],
  ],
  ["with an object less", false, [live(deployment)]],
  ["with an object more", false, [live(deployment), live(secret), live({ ...secret, metadata: { name: "b" } })]],
  ["with an object of another kind", false, [live(deployment), live({ ...secret, kind: "ConfigMap" })]],
];
for (const [what, same, objects] of cases) {
  test(`objects ${what} are ${same ? "those" : "not those"} that were applied`, () => {
    assert.equal(areObjects(objects, wanted), same);
  });
}

test("the objects of a stack are listed by kind and group, and by the set's label", () => {
  assert.deepEqual(listObjects("m30", wanted).slice(1, 6), [
    "Secret.v1.,Deployment.v1.apps",
    "--namespace",
    "m30",
    "--selector",
    // As kubectl v1.34 labels them.
    "applyset.kubernetes.io/part-of=applyset-oLQJN49kkzI8Uj16aOkwkTPisHadgakDAH7fdqRYKgU-v1",
  ]);
});

/** Applies the objects to a cluster whose namespace has this annotation. Returns the calls that change something. */
async function applied(annotation: string | undefined, objects: Manifest[]): Promise<Manifest[][]> {
  const changes: Manifest[][] = [];
  const found = { ...namespace, metadata: { ...namespace.metadata, annotations: { [appliedAnnotation]: annotation } } };
  await apply(
    async ([verb, what], input = "") => {
      if (verb === "apply") changes.push((JSON.parse(input) as { items: Manifest[] }).items);
      return JSON.stringify(what === "namespace" ? found : { items: objects });
    },
    [namespace, ...wanted],
  );
  return changes;
}

test("a stack that is as it was applied last is not applied again", async () => {
  assert.deepEqual(await applied(digestOf([namespace, ...wanted]), [live(deployment), live(secret)]), []);
});

test("a changed stack is applied, and its namespace says so before and after", async () => {
  const digest = digestOf([namespace, ...wanted]);
  const whole = [
    [namespace],
    wanted,
    [{ ...namespace, metadata: { ...namespace.metadata, annotations: { [appliedAnnotation]: digest } } }],
  ];
  assert.deepEqual(await applied(undefined, []), whole);
  assert.deepEqual(await applied("another", [live(deployment), live(secret)]), whole);
  assert.deepEqual(await applied(digest, [live(deployment)]), whole);
});

test("a Deployment whose turn comes later is held until the others run what was applied", async () => {
  const annotations = { "config.kubernetes.io/depends-on": "apps/namespaces/one/Deployment/a" };
  const second: Manifest = { ...deployment, metadata: { ...deployment.metadata, name: "b", annotations } };
  const calls: unknown[] = [];
  await apply(
    async ([verb, what, name], input = "") => {
      if (verb === "get") return what === "namespace" ? JSON.stringify(namespace) : JSON.stringify({ items: [] });
      const { items = [] } = input === "" ? {} : (JSON.parse(input) as { items: Manifest[] });
      const named = items.map(({ metadata, spec }) => [metadata.name, (spec as { paused?: true })?.paused ?? false]);
      calls.push(verb === "rollout" ? name : named);
      return "";
    },
    [namespace, secret, deployment, second],
  );
  const [first, held, waited, all, last] = calls;
  assert.deepEqual([first, last, calls.length], [[["one", false]], [["one", false]], 5]);
  assert.deepEqual(held, [
    ["a", false],
    ["a", false],
    ["b", true],
  ]);
  assert.equal(waited, "deployment/a");
  assert.deepEqual(all, [
    ["a", false],
    ["a", false],
    ["b", false],
  ]);
});
