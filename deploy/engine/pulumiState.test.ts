import assert from "node:assert/strict";
import { test } from "node:test";
import { hasObjects, withoutDead } from "./pulumiState.ts";

const provider = (name: string, context: string) => ({
  urn: `urn:${name}`,
  id: "1",
  type: "pulumi:providers:kubernetes",
  inputs: { context },
});
const state = {
  version: 3,
  deployment: {
    manifest: { time: "now" },
    resources: [
      { urn: "urn:stack", type: "pulumi:pulumi:Stack" },
      provider("old", "old"),
      provider("new", "new"),
      { urn: "urn:old-namespace", type: "kubernetes:core/v1:Namespace", provider: "urn:old::1" },
      {
        urn: "urn:new-namespace",
        type: "kubernetes:core/v1:Namespace",
        provider: "urn:new::1",
        dependencies: ["urn:old-namespace", "urn:address"],
        propertyDependencies: { metadata: ["urn:old-namespace"] },
        deletedWith: "urn:old-namespace",
      },
      { urn: "urn:address", type: "gcp:compute/address:Address", provider: "urn:gcp::2" },
    ],
    pending_operations: [
      { type: "creating", resource: { urn: "urn:x", type: "kubernetes:core/v1:Secret" } },
      { type: "creating", resource: { urn: "urn:y", type: "gcp:container/cluster:Cluster" } },
    ],
  },
};

test("the objects of a dead cluster leave the state with their provider, and nothing else does", () => {
  const before = structuredClone(state);
  const { state: after, dropped, interrupted } = withoutDead(state, ({ context }) => context === "old");
  assert.deepEqual([dropped, interrupted], [1, 1]);
  assert.deepEqual(after, {
    version: 3,
    deployment: {
      manifest: { time: "now" },
      resources: [
        state.deployment.resources[0],
        provider("new", "new"),
        {
          urn: "urn:new-namespace",
          type: "kubernetes:core/v1:Namespace",
          provider: "urn:new::1",
          dependencies: ["urn:address"],
          propertyDependencies: { metadata: [] },
        },
        state.deployment.resources[5],
      ],
      pending_operations: [state.deployment.pending_operations[1]],
    },
  });
  assert.deepEqual(state, before, "the state as it was is untouched");
});

test("a state without dead clusters keeps every resource, and one that is empty stays so", () => {
  assert.deepEqual(withoutDead(state, () => false).state.deployment.resources, state.deployment.resources);
  assert.equal(withoutDead({ deployment: {} }, () => true).dropped, 0);
});

test("a state that is there but knows no object is as good as lost", () => {
  assert.equal(hasObjects(state), true);
  assert.equal(hasObjects({ deployment: { resources: state.deployment.resources.slice(0, 3) } }), false);
  assert.equal(hasObjects({ deployment: {} }), false);
});
