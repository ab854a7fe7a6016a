import { bakerRelease } from "../../infra/names/releaseNames.ts";
import { googleDisks, snapshotLabels } from "../../infra/names/snapshotLabels.ts";
import { FolderStore, type Snapshot as LocalSnapshot } from "../../local/cluster/csi/folderStore.ts";
import type { Kubectl } from "../cluster/kubectl.ts";
import { hasSnapshotApi } from "../cluster/snapshotApi.ts";

/** A snapshot from which a baker's base dir can be restored. */
export type Snapshot = {
  /** The name of its VolumeSnapshot: `baker-<baker>-<time>`. */
  readonly name: string;
  /** The storage driver's name for it. */
  readonly handle: string;
  readonly driver: string;
  /** The time at which it was taken, in ISO 8601. */
  readonly taken: string;
  /** The minimum size of a volume made from it, in bytes; 0 if unknown. */
  readonly restoreSize: number;
  /** The cluster's VolumeSnapshotContents for it: the original, and perhaps one of a restore. */
  readonly contents: readonly string[];
};

/** Snapshots by the baker's name, the newest first. Bakers without snapshots are left out. */
export type Snapshots = Map<string, Snapshot[]>;

type Content = {
  metadata: { name: string; deletionTimestamp?: string };
  spec: { deletionPolicy: string; driver: string; volumeSnapshotRef: { namespace: string; name: string } };
  status?: { readyToUse?: boolean; snapshotHandle?: string; restoreSize?: number };
};

/** Finds the snapshots that a cluster knows, even if their namespace is gone. */
export async function findSnapshots(kubectl: Kubectl, stack: string, bakers: readonly string[]): Promise<Snapshots> {
  if (!(await hasSnapshotApi(kubectl))) return new Map();
  const list = JSON.parse(await kubectl(["get", "volumesnapshotcontents", "--output", "json"])) as { items: Content[] };
  const found = list.items.flatMap(({ metadata, spec, status }) => {
    const { name, namespace } = spec.volumeSnapshotRef;
    // A snapshot without Retain is about to be removed, or was never finished.
    const isKept = spec.deletionPolicy === "Retain" && status?.readyToUse && metadata.deletionTimestamp === undefined;
    if (namespace !== stack || !isKept || !status.snapshotHandle) return [];
    const { driver } = spec;
    return {
      name,
      handle: status.snapshotHandle,
      driver,
      restoreSize: status.restoreSize ?? 0,
      contents: [metadata.name],
    };
  });
  return byBaker(found, bakers);
}

type GoogleSnapshot = {
  selfLink: string;
  creationTimestamp: string;
  diskSizeGb: string;
  status: string;
  labels?: Record<string, string>;
};

/** Finds the snapshots of a stack on GKE in Google's cloud, even if the cluster is gone. */
export async function findGoogleSnapshots(
  gcloud: (words: string[]) => Promise<string>,
  project: string,
  stack: string,
  bakers: readonly string[],
): Promise<Snapshots> {
  const [stackLabel = "", bakerLabel = ""] = Object.keys(snapshotLabels("", ""));
  const filter = `--filter=labels.${stackLabel}=${stack} AND status=READY`;
  const text = await gcloud(["compute", "snapshots", "list", `--project=${project}`, filter, "--format=json"]);
  const found = (JSON.parse(text) as GoogleSnapshot[]).map((snapshot) => ({
    name: snapshotName(snapshot.labels?.[bakerLabel] ?? "", snapshot.creationTimestamp),
    // https://…/compute/v1/projects/P/global/snapshots/NAME. The driver needs the part from `projects` on.
    handle: snapshot.selfLink.replace(/^.*\/(?=projects\/)/, ""),
    driver: googleDisks,
    restoreSize: Number(snapshot.diskSizeGb) * 1024 ** 3,
    contents: [],
  }));
  return byBaker(found, bakers);
}

/** Finds the snapshots that this machine keeps of its own clusters. `folder` is the cluster's `snapshots`. */
export function findLocalSnapshots(
  folder: string,
  driver: string,
  stack: string,
  bakers: readonly string[],
): Snapshots {
  const found = new FolderStore<LocalSnapshot>(folder)
    .all()
    .filter(({ namespace }) => namespace === stack)
    .map(({ bytes, id, name }) => ({ name, handle: id, driver, restoreSize: bytes, contents: [] }));
  return byBaker(found, bakers);
}

function snapshotName(baker: string, taken: string): string {
  const [day, time] = new Date(taken).toISOString().slice(0, 19).replaceAll(/[-:]/g, "").split("T");
  return `${bakerRelease(baker)}-${day}-${time}`;
}

/** Groups snapshots by baker, from the names that the chart's CronJob gives them. */
function byBaker(found: readonly Omit<Snapshot, "taken">[], bakers: readonly string[]): Snapshots {
  const snapshots: Snapshots = new Map();
  for (const snapshot of [...found].sort((a, b) => b.name.localeCompare(a.name))) {
    const [, baker = "", date, time] = /^baker-(.*)-(\d{8})-(\d{6})$/.exec(snapshot.name) ?? [];
    if (!date || !time || !bakers.includes(baker)) continue;
    const own = snapshots.get(baker) ?? [];
    const same = own.findIndex(({ handle }) => handle === snapshot.handle);
    const contents = [...(own[same]?.contents ?? []), ...snapshot.contents];
    const taken = `${date}T${time}Z`.replace(/^(....)(..)(..)T(..)(..)/, "$1-$2-$3T$4:$5:");
    own[same < 0 ? own.length : same] = { ...snapshot, taken, contents };
    snapshots.set(baker, own);
  }
  return snapshots;
}
