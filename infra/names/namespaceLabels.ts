/** What tells a stack's namespace from anybody else's, and what its pods must not do. */
export const namespaceLabels = {
  "app.kubernetes.io/part-of": "remote-signer-cloud",
  "pod-security.kubernetes.io/enforce": "restricted",
  // As of the Kubernetes that all of this is tested with: a later one may ask for more, and would let no pod in after an
  // upgrade of the cluster. What it asks for is seen before, in these two.
  "pod-security.kubernetes.io/enforce-version": "v1.34",
  "pod-security.kubernetes.io/warn": "restricted",
  "pod-security.kubernetes.io/audit": "restricted",
};
