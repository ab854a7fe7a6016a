import { namespaceLabels } from "../../infra/names/namespaceLabels.ts";
import { bakerRelease } from "../../infra/names/releaseNames.ts";
import { type Kubectl, requireOwnNamespace } from "../cluster/kubectl.ts";
import type { Snapshot } from "./snapshots.ts";

/** A baker, reduced to the fields that its base dir needs. */
export type BaseDirOf = {
  readonly name: string;
  readonly storage?: { readonly className?: string | undefined } | undefined;
};

/** The size that the chart requests, in bytes. */
const leastSize = 1024 ** 3;
const waitSeconds = 300;

/**
 * Makes the volume of a baker's base dir from the newest of its snapshots, in the order of `findSnapshots`.
 *
 * The StatefulSet finds the volume by its name, so this must run before the stack is brought up. The other snapshots
 * also become objects of the namespace again. There the next backups count them, and remove them in the end.
 *
 * Returns whether it made the volume, because it never touches an existing one. After an interruption it can run again.
 * Its objects do not belong to the stack, so `up` neither changes nor removes them.
 */
export async function restoreBaseDir(
  kubectl: Kubectl,
  stack: string,
  baker: BaseDirOf,
  snapshots: readonly Snapshot[],
): Promise<boolean> {
  const [newest] = snapshots;
  if (!newest) return false;
  const claim = `client-baker-${baker.name}-0`;
  const get = (kind: string, name: string) => ["get", kind, name, "--namespace", stack, "--ignore-not-found"];
  await makeNamespace(kubectl, stack);
  if ((await kubectl(get("persistentvolumeclaim", claim))) !== "") return false;
  const labels = { "app.kubernetes.io/name": "baker", "app.kubernetes.io/instance": bakerRelease(baker.name) };
  for (const snapshot of snapshots) {
    const own = contentName(stack, snapshot);
    const source = ["--output", "jsonpath={.kind} {.spec.source.volumeSnapshotContentName}"];
    const found = await kubectl([...get("volumesnapshot", snapshot.name), ...source]);
    if (found === "") await put(kubectl, bringBack(stack, snapshot, labels));
    else if (!found.endsWith(` ${own}`)) continue;
    // The cluster's older objects for it were bound in the namespace that is gone. With Retain the data survive them.
    for (const content of snapshot.contents.filter((name) => name !== own)) {
      await kubectl(["delete", "volumesnapshotcontent", content, "--ignore-not-found", "--wait=false"]);
    }
  }
  await waitUntilReady(kubectl, stack, newest.name);
  await put(kubectl, [
    {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name: claim, namespace: stack, labels },
      spec: {
        accessModes: ["ReadWriteOnce"],
        ...(baker.storage?.className && { storageClassName: baker.storage.className }),
        dataSource: { apiGroup: "snapshot.storage.k8s.io", kind: "VolumeSnapshot", name: newest.name },
        resources: { requests: { storage: String(Math.max(leastSize, newest.restoreSize)) } },
      },
    },
  ]);
  return true;
}

/** Makes the namespace as the program does, so that the program accepts it as its own. */
async function makeNamespace(kubectl: Kubectl, name: string): Promise<void> {
  await requireOwnNamespace(kubectl, name);
  await put(kubectl, [{ apiVersion: "v1", kind: "Namespace", metadata: { name, labels: namespaceLabels } }]);
}

const contentName = (stack: string, { name }: Snapshot): string => `${stack}.${name}`;

/** The objects that bring a snapshot of the storage into the namespace. */
function bringBack(stack: string, snapshot: Snapshot, labels: Record<string, string>): object[] {
  const { driver, handle, name } = snapshot;
  const apiVersion = "snapshot.storage.k8s.io/v1";
  const volumeSnapshotContentName = contentName(stack, snapshot);
  return [
    {
      apiVersion,
      kind: "VolumeSnapshotContent",
      metadata: { name: volumeSnapshotContentName },
      spec: {
        deletionPolicy: "Retain",
        driver,
        source: { snapshotHandle: handle },
        volumeSnapshotRef: { name, namespace: stack },
      },
    },
    {
      apiVersion,
      kind: "VolumeSnapshot",
      metadata: { name, namespace: stack, labels },
      spec: { source: { volumeSnapshotContentName } },
    },
  ];
}

async function waitUntilReady(kubectl: Kubectl, stack: string, name: string): Promise<void> {
  const object = [`volumesnapshot/${name}`, "--namespace", stack];
  try {
    await kubectl(["wait", ...object, "--for=jsonpath={.status.readyToUse}=true", `--timeout=${waitSeconds}s`]);
  } catch (error) {
    const said = await kubectl(["get", ...object, "--output", "jsonpath={.status.error.message}"]).catch(() => "");
    throw new Error(`${name}: found it not ready, wanted it to restore from; ${said || (error as Error).message}`);
  }
}

async function put(kubectl: Kubectl, items: readonly object[]): Promise<void> {
  const words = ["apply", "--server-side", "--field-manager", "remote-signer-cloud", "--filename", "-"];
  await kubectl(words, JSON.stringify({ apiVersion: "v1", kind: "List", items }));
}
