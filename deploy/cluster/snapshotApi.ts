import type { Manifest } from "../stack/manifest.ts";
import type { Kubectl } from "./kubectl.ts";

/** Whether a cluster has the snapshot API. */
export async function hasSnapshotApi(kubectl: Kubectl): Promise<boolean> {
  const kinds = await kubectl(["api-resources", "--api-group=snapshot.storage.k8s.io", "--output=name"]);
  return kinds.split("\n").includes("volumesnapshots.snapshot.storage.k8s.io");
}

/** Throws if a backup is asked of a cluster that can't take one. */
export async function requireSnapshotApi(kubectl: Kubectl, objects: readonly Manifest[]): Promise<void> {
  const backups = objects.filter(({ kind }) => kind === "CronJob").map(({ metadata }) => metadata.name);
  if (backups.length === 0 || (await hasSnapshotApi(kubectl))) return;
  throw new Error(
    `backup of ${backups.join(", ")}: found a cluster without the snapshot API (snapshot.storage.k8s.io), wanted one that has it, or no backup; nothing was changed`,
  );
}
