/**
 * Builds the kubeconfig of a cluster of Google's, as JSON.
 *
 * It holds no credential. gke-gcloud-auth-plugin, which must be on PATH, gets one.
 *
 * https://cloud.google.com/kubernetes-engine/docs/how-to/cluster-access-for-kubectl
 */
export function kubeconfigOf({
  caCertificate,
  context,
  endpoint,
}: {
  readonly caCertificate: string;
  readonly context: string;
  readonly endpoint: string;
}): string {
  const exec = {
    apiVersion: "client.authentication.k8s.io/v1beta1",
    command: "gke-gcloud-auth-plugin",
    installHint: "gcloud components install gke-gcloud-auth-plugin",
    interactiveMode: "IfAvailable",
    provideClusterInfo: true,
  };
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": context,
    clusters: [
      { name: context, cluster: { server: `https://${endpoint}`, "certificate-authority-data": caCertificate } },
    ],
    contexts: [{ name: context, context: { cluster: context, user: context } }],
    users: [{ name: context, user: { exec } }],
  });
}
