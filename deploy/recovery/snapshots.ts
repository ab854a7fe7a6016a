import { bakerRelease } from "../../infra/names/releaseNames.ts";
import { googleDisks, snapshotLabels } from "../../infra/names/snapshotLabels.ts";
import { FolderStore, type Snapshot as LocalSnapshot } from "../../local/cluster/csi/folderStore.ts";
import type { Kubectl } from "../cluster/kubectl.ts";
import { hasSnapshotApi } from "../cluster/snapshotApi.ts";

/** A snapshot of a baker's base dir, as it can be restored from. */
export type Snapshot = {
  /** What its VolumeSnapshot is called: `baker-<baker>-<time>`. */
  readonly name: string;
  /** How the storage's driver calls it. */
  readonly handle: string;
  readonly driver: string;
  /** When it was taken, as ISO 8601 has it. */
  readonly taken: string;
  /** How large a volume that is made from it must be at least, in bytes; 0 if nobody says. */
  readonly restoreSize: number;
  /** The VolumeSnapshotContents in which the cluster still knows it: as it was taken, and perhaps as it was brought back. */
  readonly contents: readonly string[];
};

/** Snapshots by the baker's name, the newest first; a baker without any is not in it. */
export type Snapshots = Map<string, Snapshot[]>;

type Content = {
  metadata: { name: string; deletionTimestamp?: string };
  spec: { deletionPolicy: string; driver: string; volumeSnapshotRef: { namespace: string; name: string } };
  status?: { readyToUse?: boolean; snapshotHandle?: string; restoreSize?: number };
};

/** The snapshots that a cluster knows of, also those whose namespace is gone. */
export async function findSnapshots(kubectl: Kubectl, stack: string, bakers: readonly string[]): Promise<Snapshots> {
  if (!(await hasSnapshotApi(kubectl))) return new Map();
  const list = JSON.parse(await kubectl(["get", "volumesnapshotcontents", "--output", "json"])) as { items: Content[] };
  const found = list.items.flatMap(({ metadata, spec, status }) => {
    const { name, namespace } = spec.volumeSnapshotRef;
    // Without Retain it is about to be removed, or was never finished.
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

/** The snapshots of a stack on GKE that Google's cloud has, whatever became of the cluster; `gcloud` is run with the words. */
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
    // https://…/compute/v1/projects/P/global/snapshots/NAME, of which the driver wants the end.
    handle: snapshot.selfLink.replace(/^.*\/(?=projects\/)/, ""),
    driver: googleDisks,
    restoreSize: Number(snapshot.diskSizeGb) * 1024 ** 3,
    contents: [],
  }));
  return byBaker(found, bakers);
}

/** The snapshots that this machine keeps of its own clusters; `folder` is the cluster's `snapshots`. */
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

/** Sorts out whose snapshots they are, by the names that the chart's CronJob gives them. */
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
