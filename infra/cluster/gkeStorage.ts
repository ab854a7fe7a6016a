import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { MachineFamily } from "../config/machineFamilies.ts";
import { googleDisks } from "../names/snapshotLabels.ts";
import type { ClusterStorage } from "./clusterAccess.ts";

const zonalClass = "remote-signer-cloud-zonal";
const regionalClass = "remote-signer-cloud-regional";

/** The classes of a baker's volumes in a cluster whose nodes are of this family. */
export function storageOf({ disk, regionalDisk }: MachineFamily): ClusterStorage {
  const className = disk === "hyperdisk-balanced" ? zonalClass : undefined;
  const clientClassName = regionalDisk ? regionalClass : className;
  return {
    // GKE's default class is of Persistent Disk, which a node of a Hyperdisk family never attaches.
    ...(className && { className }),
    // Google's smallest regional disk has 10 GB, its smallest Hyperdisk 4 GB.
    ...(clientClassName && { clientClassName, clientSize: "10Gi" }),
  };
}

/** Makes the StorageClasses that GKE does not have. */
export function makeStorageClasses(
  name: string,
  family: MachineFamily,
  zones: pulumi.Input<string[]>,
  options: pulumi.CustomResourceOptions,
): void {
  const { className, clientClassName } = storageOf(family);
  const common = {
    provisioner: googleDisks,
    // A pod's volumes are made in the zone of its node.
    volumeBindingMode: "WaitForFirstConsumer",
    allowVolumeExpansion: true,
  };
  if (className) {
    new k8s.storage.v1.StorageClass(
      `${name}-zonal`,
      { metadata: { name: className }, ...common, parameters: { type: family.disk } },
      options,
    );
  }
  if (!family.regionalDisk) return;
  new k8s.storage.v1.StorageClass(
    `${name}-regional`,
    {
      metadata: { name: clientClassName as string },
      ...common,
      parameters: {
        type: family.regionalDisk,
        ...(family.regionalDisk === "pd-balanced" && { "replication-type": "regional-pd" }),
        // If a zone is gone, nothing can detach a disk there. The pod's next node takes it anyway. Kubernetes starts that
        // pod only when the old one has ended, or when a person has said that its node is gone.
        "availability-class": "regional-hard-failover",
      },
      // Otherwise a cluster that has all its nodes in one zone at the moment would find no second zone. Without the Pulumi
      // engine nobody knows the zones that GKE chooses.
      allowedTopologies: pulumi
        .output<string[] | undefined>(zones)
        .apply((values) => (values ? [{ matchLabelExpressions: [{ key: "topology.gke.io/zone", values }] }] : [])),
    },
    options,
  );
}
