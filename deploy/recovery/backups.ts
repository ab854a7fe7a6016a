import { isOnPath } from "../../infra/facts/onPath.ts";
import { driverName } from "../../local/cluster/csi/storageClasses.ts";
import { clusterLayout } from "../../local/cluster/layout.ts";
import { run } from "../../local/machine/run.ts";
import type { Kubectl } from "../cluster/kubectl.ts";
import { clusterConfigOf, type LocalClusterOfStack, ownerOfCluster, type Stack } from "../stack/stack.ts";
import { findGoogleSnapshots, findLocalSnapshots, findSnapshots, type Snapshots } from "./snapshots.ts";

/**
 * Finds the snapshots from which these bakers of a stack can be restored.
 *
 * For each baker these are the ones that the cluster knows, or else the ones that its storage has kept. `missed` says
 * where the search was impossible.
 */
export async function findBackups(
  stack: Stack,
  bakers: readonly string[],
  { kubectl, local }: { readonly kubectl: Kubectl | undefined; readonly local: LocalClusterOfStack | undefined },
): Promise<{ snapshots: Snapshots; missed?: string }> {
  if (bakers.length === 0) return { snapshots: new Map() };
  const known: Snapshots = kubectl ? await findSnapshots(kubectl, stack.name, bakers) : new Map();
  const others = bakers.filter((baker) => !known.has(baker));
  if (others.length === 0) return { snapshots: known };
  const stored = await findStored(stack, others, local);
  return { ...stored, snapshots: new Map([...known, ...stored.snapshots]) };
}

/** Finds the snapshots in the storage itself, even if the cluster is gone. */
async function findStored(
  stack: Stack,
  bakers: readonly string[],
  local: LocalClusterOfStack | undefined,
): Promise<{ snapshots: Snapshots; missed?: string }> {
  if (local) {
    return { snapshots: findLocalSnapshots(clusterLayout(local.name).snapshots, driverName, stack.name, bakers) };
  }
  const { kind, project } = clusterConfigOf(ownerOfCluster(stack));
  if (kind !== "gke") return { snapshots: new Map() };
  if (!isOnPath("gcloud")) {
    return {
      snapshots: new Map(),
      missed: "no gcloud on PATH: the snapshots in Google's cloud can't be looked for, and none is restored",
    };
  }
  const gcloud = (words: string[]) => run("gcloud", words);
  return { snapshots: await findGoogleSnapshots(gcloud, String(project), stack.name, bakers) };
}
