import { namespaceLabels } from "../../infra/names/namespaceLabels.ts";
import { bakerRelease } from "../../infra/names/releaseNames.ts";
import { type Kubectl, requireOwnNamespace } from "../cluster/kubectl.ts";
import type { Manifest } from "../stack/manifest.ts";
import type { Snapshot } from "./snapshots.ts";

/** A baker's base dir: the claim of its volume, and the class and size that the chart asks for. */
export type BaseDir = {
  readonly release: string;
  readonly claim: string;
  readonly className?: string | undefined;
  /** In bytes. */
  readonly size: number;
};

/** The base dir of a baker, from the stack's rendered objects. Throws if they have no such baker. */
export function baseDirOf(baker: string, objects: readonly Manifest[]): BaseDir {
  const release = bakerRelease(baker);
  const set = objects.find(({ kind, metadata }) => kind === "StatefulSet" && metadata.name === release);
  const { volumeClaimTemplates } = (set?.spec ?? {}) as { volumeClaimTemplates?: readonly Claim[] };
  const client = volumeClaimTemplates?.find(({ metadata }) => metadata.name === "client");
  if (!client) throw new Error(`baker ${baker}: found no volume client in its chart, wanted one`);
  const { storageClassName: className, resources } = client.spec;
  const [, number = "", unit = ""] = /^(\d+)(Mi|Gi|Ti|M|G|T)$/.exec(resources.requests.storage) ?? [];
  return { release, claim: `client-${release}-0`, className, size: Number(number) * (units[unit] ?? Number.NaN) };
}

type Claim = Manifest & {
  readonly spec: {
    readonly storageClassName?: string;
    readonly resources: { readonly requests: { readonly storage: string } };
  };
};

/** The units of the sizes that the chart takes, in bytes. */
const units: Readonly<Record<string, number>> = {
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  M: 1e6,
  G: 1e9,
  T: 1e12,
};
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
  { claim, className, release, size }: BaseDir,
  snapshots: readonly Snapshot[],
): Promise<boolean> {
  const [newest] = snapshots;
  if (!newest) return false;
  const get = (kind: string, name: string) => ["get", kind, name, "--namespace", stack, "--ignore-not-found"];
  await makeNamespace(kubectl, stack);
  if ((await kubectl(get("persistentvolumeclaim", claim))) !== "") return false;
  const labels = { "app.kubernetes.io/name": "baker", "app.kubernetes.io/instance": release };
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
        ...(className && { storageClassName: className }),
        dataSource: { apiGroup: "snapshot.storage.k8s.io", kind: "VolumeSnapshot", name: newest.name },
        resources: { requests: { storage: String(Math.max(size, newest.restoreSize)) } },
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
