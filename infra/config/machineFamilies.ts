/** The disks that the machines of a family can attach. */
export type MachineFamily = {
  /** The type of a node's system disk, and of a volume in one zone. */
  readonly disk: "pd-balanced" | "hyperdisk-balanced";
  /** The type of a disk that has a copy in a second zone, if the family takes one that Google documents for it. */
  readonly regionalDisk?: "pd-balanced" | "hyperdisk-balanced-high-availability";
};

const persistent: MachineFamily = { disk: "pd-balanced" };
const regional: MachineFamily = { disk: "pd-balanced", regionalDisk: "pd-balanced" };
const both: MachineFamily = { disk: "pd-balanced", regionalDisk: "hyperdisk-balanced-high-availability" };
const hyperdisk: MachineFamily = { disk: "hyperdisk-balanced", regionalDisk: "hyperdisk-balanced-high-availability" };

/**
 * The families of Google's machines that nodes can have.
 *
 * Persistent Disk ends with the third generation and Hyperdisk begins with it. Regional Persistent Disk is for E2, N1,
 * N2 and N2D. Families that are missing are Arm (GKE keeps pods of ordinary images away from their nodes), or made for
 * accelerators, memory or local disks.
 *
 * https://docs.cloud.google.com/compute/docs/disks/persistent-disks
 * https://docs.cloud.google.com/compute/docs/disks/hd-types/hyperdisk-balanced-ha
 * https://docs.cloud.google.com/kubernetes-engine/docs/how-to/persistent-volumes/regional-pd
 * https://docs.cloud.google.com/kubernetes-engine/docs/how-to/prepare-arm-workloads-for-deployment
 */
const families: Readonly<Record<string, MachineFamily>> = {
  e2: regional,
  n1: regional,
  n2: regional,
  n2d: regional,
  t2d: persistent,
  c2: persistent,
  c2d: persistent,
  c3: both,
  c3d: both,
  c4: hyperdisk,
  c4d: hyperdisk,
  n4: hyperdisk,
  n4d: { disk: "hyperdisk-balanced" },
};

/** The names of the families, for messages. */
export const familyNames = Object.keys(families).join(", ");

/** The family of a machine type such as `n2d-standard-8`, if nodes can have it. */
export function familyOf(machineType: string): MachineFamily | undefined {
  const name = machineType.split("-")[0] as string;
  return Object.hasOwn(families, name) ? families[name] : undefined;
}
