/** What tells a stack's namespace from anybody else's, and what its pods must not do. */
export const namespaceLabels = {
  "app.kubernetes.io/part-of": "remote-signer-cloud",
  "pod-security.kubernetes.io/enforce": "restricted",
  "pod-security.kubernetes.io/warn": "restricted",
};
