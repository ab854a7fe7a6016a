/** The CSI driver of the disks of Google's clusters, which come without a VolumeSnapshotClass. */
export const googleDisks = "pd.csi.storage.gke.io";

/** The label of what a cloud bills for a stack. */
export function stackLabel(stack: string): Record<string, string> {
  return { "remote-signer-cloud-stack": stack };
}

/**
 * The labels that a cloud's own snapshots of a baker carry.
 *
 * Google allows keys and values of at most 63 lower-case letters, digits, hyphens and underscores.
 */
export function snapshotLabels(stack: string, baker: string): Record<string, string> {
  return { ...stackLabel(stack), "remote-signer-cloud-baker": baker };
}
