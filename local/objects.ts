import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Api, KubernetesObject } from "./api.ts";
import type { Layout } from "./layout.ts";

/** What a cluster holds from the start: leave for CoreDNS to read, and a pool of volumes. */

const volumeCount = 16;
const volumeNames = Array.from({ length: volumeCount }, (_, index) => `local-${String(index + 1).padStart(2, "0")}`);

export function dnsRole(): Record<string, KubernetesObject> {
  const name = "remote-signer-cloud:coredns";
  const rbac = "/apis/rbac.authorization.k8s.io/v1";
  const apiVersion = "rbac.authorization.k8s.io/v1";
  return {
    [`${rbac}/clusterroles/${name}`]: {
      apiVersion,
      kind: "ClusterRole",
      metadata: { name },
      rules: [
        { apiGroups: [""], resources: ["services", "pods", "namespaces"], verbs: ["list", "watch"] },
        { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list", "watch"] },
      ],
    },
    [`${rbac}/clusterrolebindings/${name}`]: {
      apiVersion,
      kind: "ClusterRoleBinding",
      metadata: { name },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name },
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "system:coredns" }],
    },
  };
}

export function storageClass(): KubernetesObject {
  return {
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: { name: "local", annotations: { "storageclass.kubernetes.io/is-default-class": "true" } },
    provisioner: "kubernetes.io/no-provisioner",
    volumeBindingMode: "WaitForFirstConsumer",
  };
}

export function volume(layout: Layout, name: string): KubernetesObject {
  return {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name },
    spec: {
      // Nominal: the disk is the host's. Enough for any claim of a chart.
      capacity: { storage: "1Ti" },
      accessModes: ["ReadWriteOnce"],
      persistentVolumeReclaimPolicy: "Retain",
      storageClassName: "local",
      // `local` and not `hostPath`, for fsGroup to be applied.
      local: { path: join(layout.volumes, name) },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            { matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: [layout.nodeName] }] },
          ],
        },
      },
    },
  };
}

export async function applyDnsRole(api: Api): Promise<void> {
  for (const [path, object] of Object.entries(dnsRole())) await api.apply(path, object);
}

/** Fills the pool of volumes: those that a deleted claim has left behind are emptied and offered again. */
export async function renewVolumes(layout: Layout, api: Api): Promise<void> {
  const path = "/api/v1/persistentvolumes";
  const list = await api.read(path);
  const phases = new Map(
    ((list?.items ?? []) as { metadata: { name: string }; status?: { phase?: string } }[]).map((item) => [
      item.metadata.name,
      item.status?.phase,
    ]),
  );
  for (const name of volumeNames) {
    const phase = phases.get(name);
    if (phase !== undefined && phase !== "Released" && phase !== "Failed") continue;
    if (phase !== undefined) await removeWhole(api, `${path}/${name}`);
    const folder = join(layout.volumes, name);
    // Without a volume object nothing can be using the folder.
    if (existsSync(folder)) rmSync(folder, { recursive: true });
    mkdirSync(folder, { recursive: true });
    await api.apply(`${path}/${name}`, volume(layout, name));
  }
  const classPath = "/apis/storage.k8s.io/v1/storageclasses/local";
  if (!(await api.read(classPath))) await api.apply(classPath, storageClass());
}

/** A volume is gone only when the controller that guards it has let it go. */
async function removeWhole(api: Api, path: string): Promise<void> {
  await api.remove(path);
  const deadline = Date.now() + 10_000;
  while (await api.read(path)) {
    if (Date.now() > deadline) throw new Error(`${path}: found it still there 10 s after its removal, want it gone`);
    await sleep(50);
  }
}
