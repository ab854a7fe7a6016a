import { readFileSync } from "node:fs";
import { load } from "js-yaml";
import type { Api, KubernetesObject } from "../clusterApi.ts";
import type { Layout } from "../layout.ts";
import { waitHealthy } from "../processes.ts";
import type { CsiFiles } from "./csiFiles.ts";

/** The name by which the cluster's objects refer to our driver. */
export const driverName = "local.remote-signer-cloud";

const storage = "/apis/storage.k8s.io/v1";
const snapshotClasses = "/apis/snapshot.storage.k8s.io/v1/volumesnapshotclasses";

const csiDriver: KubernetesObject = {
  apiVersion: "storage.k8s.io/v1",
  kind: "CSIDriver",
  metadata: { name: driverName },
  // The kubelet changes the files' group to a pod's fsGroup, as it does on a cloud's disks.
  spec: { attachRequired: false, podInfoOnMount: false, fsGroupPolicy: "File", volumeLifecycleModes: ["Persistent"] },
};

const storageClass: KubernetesObject = {
  apiVersion: "storage.k8s.io/v1",
  kind: "StorageClass",
  metadata: { name: "local-disks", annotations: { "storageclass.kubernetes.io/is-default-class": "true" } },
  provisioner: driverName,
  reclaimPolicy: "Delete",
  volumeBindingMode: "WaitForFirstConsumer",
};

const snapshotClass: KubernetesObject = {
  apiVersion: "snapshot.storage.k8s.io/v1",
  kind: "VolumeSnapshotClass",
  metadata: { name: "local-disks", annotations: { "snapshot.storage.kubernetes.io/is-default-class": "true" } },
  driver: driverName,
  // As in most clouds' classes. A snapshot that is to outlive its namespace must ask for it.
  deletionPolicy: "Delete",
};

/** Installs the snapshot API in a cluster, and makes our driver the default for volumes and snapshots. */
export async function applyStorage(layout: Layout, api: Api, files: CsiFiles): Promise<void> {
  const definitions = files.definitions.map((file) => load(readFileSync(file, "utf8")) as KubernetesObject);
  // Clusters from before this driver have a class whose volumes do not support snapshots.
  await api.remove(`${storage}/storageclasses/local`);
  await Promise.all([
    ...definitions.map((definition) =>
      api.apply(`/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${definition.metadata.name}`, definition),
    ),
    api.apply(`${storage}/csidrivers/${driverName}`, csiDriver),
    api.apply(`${storage}/storageclasses/local-disks`, storageClass),
  ]);
  await waitHealthy(layout, "kube-apiserver", async () => (await api.read(snapshotClasses)) !== undefined);
  await api.apply(`${snapshotClasses}/local-disks`, snapshotClass);
}
