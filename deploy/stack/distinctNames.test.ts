import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { requireDistinctNames } from "./distinctNames.ts";
import type { Manifest } from "./manifest.ts";

const object = (kind: string, name: string, rest: Record<string, unknown> = {}, apiVersion = "v1"): Manifest => ({
  apiVersion,
  kind,
  metadata: { name, namespace: "dev" },
  ...rest,
});
const volumeClaimTemplates = [{ metadata: { name: "client" } }];

describe("two objects of one name are refused", () => {
  const cases: [string, Manifest[], RegExp][] = [
    ["of one kind", [object("Service", "a"), object("Service", "a")], /two of: Service a in namespace dev/],
    [
      "of one kind in two versions",
      [object("Deployment", "a", {}, "apps/v1"), object("Deployment", "a", {}, "apps/v1beta1")],
      /two of: Deployment \(apps\) a in/,
    ],
    [
      "a StatefulSet's claim and one of that name",
      [object("StatefulSet", "a", { spec: { volumeClaimTemplates } }), object("PersistentVolumeClaim", "client-a-0")],
      /two of: PersistentVolumeClaim client-a-0/,
    ],
    [
      "a StatefulSet's pod and one of that name",
      [object("StatefulSet", "a", { spec: {} }), object("Pod", "a-0")],
      /two of: Pod a-0/,
    ],
    [
      "what the namespace has by itself",
      [{ ...object("Namespace", ""), metadata: { name: "dev" } }, object("ConfigMap", "kube-root-ca.crt")],
      /two of: ConfigMap kube-root-ca\.crt in namespace dev/,
    ],
  ];
  for (const [name, objects, problem] of cases) {
    test(name, () => assert.throws(() => requireDistinctNames(objects), problem));
  }

  test("all of them in one error", () => {
    const objects = [object("Service", "a"), object("Secret", "b")];
    assert.throws(() => requireDistinctNames([...objects, ...objects]), /Service a in .*\n.*Secret b in /);
  });
});

test("one name in two kinds, two groups or two namespaces is none of them", () => {
  requireDistinctNames([
    object("Service", "a"),
    object("Secret", "a"),
    object("Service", "a", {}, "serving.knative.dev/v1"),
    { ...object("Service", "a"), metadata: { name: "a", namespace: "prod" } },
  ]);
});
