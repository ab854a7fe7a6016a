import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

/** The only seam between which cluster it is and what runs in it. */
export type Cluster = {
  /** The provider that everything in the cluster is made with. */
  readonly provider: k8s.Provider;
  /** The words with which a person's `kubectl` reaches this cluster, for commands in outputs. */
  readonly kubectl: pulumi.Output<string>;
  /** What another stack needs to run in this cluster as well. */
  readonly access: pulumi.Output<ClusterAccess>;
  /** The CSI driver of its disks, where the program must make the class of their snapshots because the cluster has none. */
  readonly snapshotDriver?: string | undefined;
  /** Its blocks of pod addresses, where the network plugin needs them to tell pods from the outside. */
  readonly podCidrs?: readonly string[] | undefined;
};

/** How a cluster is reached. It holds no credential: a kubeconfig's content names a program that gets one. */
export type ClusterAccess = {
  /** A path or, for a cluster of Google's, the content as JSON; without one it is kubectl's own. */
  readonly kubeconfig?: string;
  readonly context: string;
  /** The same for as long as it is the same cluster. */
  readonly identifier: string;
  readonly kubectl: string;
  /** The command that makes the context known to a person's kubeconfig, where one is needed. */
  readonly getCredentials?: string;
  /** The `snapshotDriver` of the cluster, where it has one. */
  readonly snapshotDriver?: string;
  /** The `podCidrs` of the cluster, where it has them. */
  readonly podCidrs?: readonly string[];
};

/** The Kubernetes provider for a cluster. */
export function providerFor(
  name: string,
  access: pulumi.Input<ClusterAccess>,
  opts: pulumi.ResourceOptions,
): k8s.Provider {
  const { context, identifier, kubeconfig } = pulumi.output(access);
  return new k8s.Provider(
    name,
    {
      kubeconfig: kubeconfig as pulumi.Output<string>,
      context,
      // Only another identifier means another cluster; a changed credential or address in the kubeconfig does not.
      clusterIdentifier: identifier,
      // The host key and the signers change in place: their names are fixed, and a pod has them mounted.
      enableSecretMutable: true,
      enableConfigMapMutable: true,
    },
    opts,
  );
}
