import type { Cluster as GoogleCluster } from "@pulumi/gcp/container/cluster.js";
import * as pulumi from "@pulumi/pulumi";
import type { GkeClusterConfig } from "../config/clusterConfig.ts";
import { googleDisks } from "../names/snapshotLabels.ts";
import type { ClusterAccess, ClusterStorage } from "./clusterAccess.ts";

type Settings = Pick<GkeClusterConfig, "dnsEndpoint" | "project" | "region"> & {
  readonly storage: ClusterStorage;
};

/** The access to a cluster of Google's: by its DNS endpoint if that is open, and by its IP address otherwise. */
export function accessOf(
  cluster: GoogleCluster,
  clusterName: pulumi.Output<string>,
  { dnsEndpoint, project, region, storage }: Settings,
): pulumi.Output<ClusterAccess> {
  const dnsName = cluster.controlPlaneEndpointsConfig.apply((config) => config?.dnsEndpointConfig?.endpoint);
  const endpoint: pulumi.Output<string | undefined> = dnsEndpoint ? dnsName : cluster.endpoint;
  // The provider makes a secret of all that stands beside a client's key. Another stack could not read the access then.
  const ca = pulumi.unsecret(cluster.masterAuth.clusterCaCertificate);
  return pulumi.all([clusterName, endpoint, ca]).apply(([name, endpoint, ca]) => {
    // The context that `gcloud container clusters get-credentials` writes.
    const context = `gke_${project}_${region}_${name}`;
    const flags = [`--region ${region}`, `--project ${project}`, ...(dnsEndpoint ? ["--dns-endpoint"] : [])];
    return {
      // Without the Pulumi engine the API's address is unknown.
      ...(endpoint && {
        // The DNS endpoint has a certificate of a public authority, so that a client's own list is the right one.
        kubeconfig: kubeconfigOf({ context, endpoint, caCertificate: dnsEndpoint ? undefined : ca }),
      }),
      context,
      identifier: context,
      kubectl: `kubectl --context ${context}`,
      getCredentials: `gcloud container clusters get-credentials ${name} ${flags.join(" ")}`,
      snapshotDriver: googleDisks,
      storage,
    };
  });
}

/**
 * Builds a kubeconfig, as JSON. It holds no credential. gke-gcloud-auth-plugin, which must be on PATH, gets one.
 *
 * https://cloud.google.com/kubernetes-engine/docs/how-to/cluster-access-for-kubectl
 */
function kubeconfigOf({
  caCertificate,
  context,
  endpoint,
}: {
  readonly caCertificate: string | undefined;
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
  const cluster = {
    server: `https://${endpoint}`,
    ...(caCertificate && { "certificate-authority-data": caCertificate }),
  };
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": context,
    clusters: [{ name: context, cluster }],
    contexts: [{ name: context, context: { cluster: context, user: context } }],
    users: [{ name: context, user: { exec } }],
  });
}
