/** Labels that mark a stack's namespace as ours, and restrict its pods. */
export const namespaceLabels = {
  "app.kubernetes.io/part-of": "remote-signer-cloud",
  "pod-security.kubernetes.io/enforce": "restricted",
  // The Kubernetes version that this project is tested with. A later version may require more, and would reject all
  // pods after an upgrade of the cluster. The next two labels show its requirements beforehand.
  "pod-security.kubernetes.io/enforce-version": "v1.34",
  "pod-security.kubernetes.io/warn": "restricted",
  "pod-security.kubernetes.io/audit": "restricted",
};
