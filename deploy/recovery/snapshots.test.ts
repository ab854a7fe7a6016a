import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { FolderStore, type Snapshot as StoredSnapshot } from "../../local/cluster/csi/folderStore.ts";
import type { Kubectl } from "../cluster/kubectl.ts";
import { requireSnapshotApi } from "../cluster/snapshotApi.ts";
import { findGoogleSnapshots, findLocalSnapshots, findSnapshots } from "./snapshots.ts";

const folder = mkdtempSync(join(tmpdir(), "snapshots-"));
after(() => rmSync(folder, { recursive: true }));

const older = "baker-alice-20261122-031700";
const newer = "baker-alice-20261123-031700";
/** What kubectl lists of a cluster that has the snapshot API. */
const snapshotKinds = ["volumesnapshotclasses", "volumesnapshotcontents", "volumesnapshots"]
  .map((kind) => `${kind}.snapshot.storage.k8s.io\n`)
  .join("");

describe("in a cluster", () => {
  type Change = { namespace?: string; deletionPolicy?: string; status?: object; deletionTimestamp?: string };
  const content = (name: string, snapshot: string, handle: string, change: Change = {}) => ({
    metadata: { name, ...(change.deletionTimestamp && { deletionTimestamp: change.deletionTimestamp }) },
    spec: {
      deletionPolicy: change.deletionPolicy ?? "Retain",
      driver: "a.driver",
      volumeSnapshotRef: { namespace: change.namespace ?? "prod", name: snapshot },
    },
    status: change.status ?? { readyToUse: true, snapshotHandle: handle, restoreSize: 7 },
  });
  const find = (items: object[], kinds = snapshotKinds) => {
    const kubectl: Kubectl = async ([verb]) => (verb === "api-resources" ? kinds : JSON.stringify({ items }));
    return findSnapshots(kubectl, "prod", ["alice", "alice-two"]);
  };

  test("each baker has its own, the newest first, and the time is that of the name", async () => {
    const found = await find([
      content("c1", older, "h1"),
      content("c2", newer, "h2"),
      content("c3", "baker-alice-two-20261121-000000", "h3"),
      content("c4", "baker-bob-20261121-000000", "h4"),
      content("c5", "something-else", "h5"),
    ]);
    assert.deepEqual([...found.keys()].sort(), ["alice", "alice-two"]);
    assert.deepEqual(found.get("alice"), [
      {
        name: newer,
        handle: "h2",
        driver: "a.driver",
        restoreSize: 7,
        contents: ["c2"],
        taken: "2026-11-23T03:17:00Z",
      },
      {
        name: older,
        handle: "h1",
        driver: "a.driver",
        restoreSize: 7,
        contents: ["c1"],
        taken: "2026-11-22T03:17:00Z",
      },
    ]);
  });

  test("one that the cluster has twice is one", async () => {
    const found = await find([content("snapcontent-1", newer, "h"), content(`prod.${newer}`, newer, "h")]);
    assert.deepEqual(
      found.get("alice")?.map(({ contents }) => contents),
      [["snapcontent-1", `prod.${newer}`]],
    );
  });

  test("another stack's, an unfinished one and one that is being removed are none", async () => {
    const found = await find([
      content("c1", newer, "h1", { namespace: "dev" }),
      content("c2", newer, "h2", { status: { readyToUse: false, snapshotHandle: "h2" } }),
      content("c3", newer, "h3", { deletionPolicy: "Delete" }),
      content("c4", newer, "h4", { deletionTimestamp: "2026-11-23T04:00:00Z" }),
    ]);
    assert.equal(found.size, 0);
  });

  test("there are none while the cluster knows only a part of the snapshot API, as one that is being made does", async () => {
    for (const kind of snapshotKinds.trim().split("\n")) {
      const others = snapshotKinds.replace(`${kind}\n`, "");
      assert.equal((await find([content("c1", newer, "h1")], others)).size, 0, `without ${kind}`);
    }
  });

  test("without the snapshot API there are none", async () => {
    assert.equal((await find([content("c1", newer, "h1")], "")).size, 0);
  });
});

test("in Google's cloud they are found by their labels, and restored by what the driver calls them", async () => {
  const asked: string[][] = [];
  const gcloud = async (words: string[]) => {
    asked.push(words);
    const list = [
      {
        selfLink: "https://www.googleapis.com/compute/v1/projects/p/global/snapshots/snapshot-1",
        creationTimestamp: "2026-11-22T19:17:00.123-08:00",
        diskSizeGb: "1",
        status: "READY",
        labels: { "remote-signer-cloud-stack": "prod", "remote-signer-cloud-baker": "alice" },
      },
    ];
    return JSON.stringify(list);
  };
  const found = await findGoogleSnapshots(gcloud, "p", "prod", ["alice"]);
  assert.deepEqual(asked, [
    [
      "compute",
      "snapshots",
      "list",
      "--project=p",
      "--filter=labels.remote-signer-cloud-stack=prod AND status=READY",
      "--format=json",
    ],
  ]);
  assert.deepEqual(found.get("alice"), [
    {
      name: newer,
      handle: "projects/p/global/snapshots/snapshot-1",
      driver: "pd.csi.storage.gke.io",
      restoreSize: 1073741824,
      contents: [],
      taken: "2026-11-23T03:17:00Z",
    },
  ]);
});

test("on this machine they are what the cluster's driver has left, whole ones only", () => {
  const store = new FolderStore<StoredSnapshot>(folder);
  const note = { volume: "v", bytes: 5, taken: "2026-11-23T03:17:02Z", namespace: "prod", name: newer };
  store.add({ ...note, id: "snapshot-1" });
  store.add({ ...note, id: "snapshot-2", namespace: "dev" });
  store.add({ ...note, id: "snapshot-3", name: older });
  rmSync(join(folder, "snapshot-3", "note.json"));
  writeFileSync(join(folder, "a-file"), "");
  assert.deepEqual(findLocalSnapshots(folder, "a.driver", "prod", ["alice"]).get("alice"), [
    {
      name: newer,
      handle: "snapshot-1",
      driver: "a.driver",
      restoreSize: 5,
      contents: [],
      taken: "2026-11-23T03:17:00Z",
    },
  ]);
});

test("a backup on a cluster without the snapshot API is refused, and a stack without one is not", async () => {
  const without: Kubectl = async () => "";
  const having: Kubectl = async () => snapshotKinds;
  const cronJob = { apiVersion: "batch/v1", kind: "CronJob", metadata: { name: "baker-alice" } };
  await assert.rejects(requireSnapshotApi(without, [cronJob]), /backup of baker-alice: found .*nothing was changed/);
  await requireSnapshotApi(having, [cronJob]);
  await requireSnapshotApi(without, []);
});
