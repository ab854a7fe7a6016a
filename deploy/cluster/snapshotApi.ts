import type { Manifest } from "../stack/manifest.ts";
import type { Kubectl } from "./kubectl.ts";

const group = "snapshot.storage.k8s.io";
const kinds = ["volumesnapshotclasses", "volumesnapshotcontents", "volumesnapshots"];

/** Whether a cluster has the whole snapshot API. One that is being created has only a part of it for a moment. */
export async function hasSnapshotApi(kubectl: Kubectl): Promise<boolean> {
  const known = (await kubectl(["api-resources", `--api-group=${group}`, "--output=name"])).split("\n");
  return kinds.every((kind) => known.includes(`${kind}.${group}`));
}

/** Throws if the objects include a backup and the cluster cannot take snapshots. */
export async function requireSnapshotApi(kubectl: Kubectl, objects: readonly Manifest[]): Promise<void> {
  const backups = objects.filter(({ kind }) => kind === "CronJob").map(({ metadata }) => metadata.name);
  if (backups.length === 0 || (await hasSnapshotApi(kubectl))) return;
  throw new Error(
    `backup of ${backups.join(", ")}: found a cluster without the snapshot API (${group}), wanted one that has it, or no backup; nothing was changed`,
  );
}
