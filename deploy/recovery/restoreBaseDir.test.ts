import assert from "node:assert/strict";
import { test } from "node:test";
import type { Kubectl } from "../cluster/kubectl.ts";
import { baseDirOf, restoreBaseDir } from "./restoreBaseDir.ts";

type Made = { kind: string; metadata: { name: string }; spec?: Record<string, unknown> };

/** A cluster that answers `get KIND NAME` from a table, and records which objects are made and deleted. */
function cluster(objects: Record<string, string>) {
  const made: Made[] = [];
  const deleted: string[] = [];
  const kubectl: Kubectl = async ([verb, kind, name], input) => {
    if (verb === "apply") made.push(...(JSON.parse(String(input)) as { items: Made[] }).items);
    if (verb === "delete") deleted.push(`${kind} ${name}`);
    return verb === "get" ? (objects[`${kind} ${name}`] ?? "") : "";
  };
  return { kubectl, made: () => made.map(({ kind, metadata }) => `${kind} ${metadata.name}`), deleted, objects: made };
}

const snapshot = (name: string, restoreSize: number, contents: string[]) => ({
  name,
  handle: `handle of ${name}`,
  driver: "a.driver",
  taken: "2026-11-23T03:17:00Z",
  restoreSize,
  contents,
});
const newest = snapshot("baker-alice-20261123-031700", 2 ** 31, ["snapcontent-2"]);
const older = snapshot("baker-alice-20261122-031700", 0, ["snapcontent-1"]);
const volume = (name: string, spec: object) => ({ apiVersion: "v1", kind: "", metadata: { name }, spec });
const set = (...volumeClaimTemplates: object[]) => ({
  apiVersion: "apps/v1",
  kind: "StatefulSet",
  metadata: { name: "baker-alice" },
  spec: { volumeClaimTemplates },
});
const asking = (storage: string) => ({ resources: { requests: { storage } } });
const alice = baseDirOf("alice", [
  set(volume("data", asking("100Gi")), volume("client", { storageClassName: "fast", ...asking("1Gi") })),
]);

test("the volume is as the chart asks for it", () => {
  assert.deepEqual(alice, { release: "baker-alice", claim: "client-baker-alice-0", className: "fast", size: 2 ** 30 });
  assert.equal(baseDirOf("alice", [set(volume("client", asking("10G")))]).size, 1e10);
  assert.throws(() => baseDirOf("bob", [set()]), /^Error: baker bob: found no volume client/);
});

test("into a cluster that has nothing left: every snapshot is back, and the volume is made from the newest", async () => {
  const { deleted, kubectl, made, objects } = cluster({});
  assert.equal(await restoreBaseDir(kubectl, "prod", alice, [newest, older]), true);
  assert.deepEqual(made(), [
    "Namespace prod",
    "VolumeSnapshotContent prod.baker-alice-20261123-031700",
    "VolumeSnapshot baker-alice-20261123-031700",
    "VolumeSnapshotContent prod.baker-alice-20261122-031700",
    "VolumeSnapshot baker-alice-20261122-031700",
    "PersistentVolumeClaim client-baker-alice-0",
  ]);
  assert.deepEqual(deleted, ["volumesnapshotcontent snapcontent-2", "volumesnapshotcontent snapcontent-1"]);
  assert.equal(objects[1]?.spec?.deletionPolicy, "Retain");
  assert.deepEqual(objects.at(-1)?.spec, {
    accessModes: ["ReadWriteOnce"],
    storageClassName: "fast",
    dataSource: { apiGroup: "snapshot.storage.k8s.io", kind: "VolumeSnapshot", name: newest.name },
    resources: { requests: { storage: "2147483648" } },
  });
});

test("after an interruption it makes and removes what is still to do", async () => {
  const { deleted, kubectl, made } = cluster({
    [`volumesnapshot ${newest.name}`]: `VolumeSnapshot prod.${newest.name}`,
  });
  assert.equal(await restoreBaseDir(kubectl, "prod", alice, [newest]), true);
  assert.deepEqual(made(), ["Namespace prod", "PersistentVolumeClaim client-baker-alice-0"]);
  assert.deepEqual(deleted, ["volumesnapshotcontent snapcontent-2"]);
});

test("a snapshot that is still in its namespace is used, and its content left alone", async () => {
  const { deleted, kubectl, made } = cluster({ [`volumesnapshot ${newest.name}`]: "VolumeSnapshot " });
  assert.equal(await restoreBaseDir(kubectl, "prod", alice, [newest]), true);
  assert.deepEqual(made(), ["Namespace prod", "PersistentVolumeClaim client-baker-alice-0"]);
  assert.deepEqual(deleted, []);
});

test("a volume that is there is left alone", async () => {
  const { kubectl, made } = cluster({ "persistentvolumeclaim client-baker-alice-0": "it is" });
  assert.equal(await restoreBaseDir(kubectl, "prod", alice, [newest]), false);
  assert.deepEqual(made(), ["Namespace prod"]);
});

test("a namespace that is somebody else's is refused", async () => {
  const theirs = JSON.stringify({ kind: "Namespace", metadata: { name: "prod" } });
  const { kubectl, made } = cluster({ "namespace prod": theirs });
  await assert.rejects(restoreBaseDir(kubectl, "prod", alice, [newest]), /somebody else's/);
  assert.deepEqual(made(), []);
});
