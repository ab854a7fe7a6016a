import { namespaceLabels } from "../../infra/names/namespaceLabels.ts";
import { bakerRelease } from "../../infra/names/releaseNames.ts";
import { type Kubectl, requireOwnNamespace } from "../cluster/kubectl.ts";
import type { Snapshot } from "./snapshots.ts";

/** A baker, as far as its base dir goes. */
export type BaseDirOf = {
  readonly name: string;
  readonly storage?: { readonly className?: string | undefined } | undefined;
};

/** What the chart asks for, in bytes. */
const leastSize = 1024 ** 3;
const waitSeconds = 300;

/**
 * Makes the volume of a baker's base dir from the newest of its snapshots (as `findSnapshots` gives them), for the
 * StatefulSet to find it by its name: so it must run before the stack is brought up. The other snapshots become
 * objects of the namespace again too, where the next backups count and in the end remove them.
 *
 * Says whether it did: a volume that is there is never touched. After an interruption it can be run again. Nothing
 * of what it makes is the stack's: `up` neither changes nor removes it.
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
    // The cluster's older objects for it were bound in the namespace that is gone. With Retain the data stay.
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

/** As the program makes it, so that it takes it for its own. */
async function makeNamespace(kubectl: Kubectl, name: string): Promise<void> {
  await requireOwnNamespace(kubectl, name);
  await put(kubectl, [{ apiVersion: "v1", kind: "Namespace", metadata: { name, labels: namespaceLabels } }]);
}

const contentName = (stack: string, { name }: Snapshot): string => `${stack}.${name}`;

/** What makes the storage's snapshot one of the namespace. */
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
