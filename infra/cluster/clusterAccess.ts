import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

/** A cluster of any kind. It is the only interface between the cluster and what runs in it. */
export type Cluster = {
  /** The provider that everything in the cluster is made with. */
  readonly provider: k8s.Provider;
  /** The `kubectl` command line with which a user reaches this cluster, for commands in outputs. */
  readonly kubectl: pulumi.Output<string>;
  /** The access that another stack needs to run in this cluster as well. */
  readonly access: pulumi.Output<ClusterAccess>;
  /** The CSI driver of its disks, if the cluster has no class for their snapshots and the program must make it. */
  readonly snapshotDriver?: string | undefined;
  /** The classes of a baker's volumes, where the cluster's default is not the best. */
  readonly storage?: ClusterStorage | undefined;
  /** Its blocks of pod addresses, if the network plugin needs them to tell pods from the outside. */
  readonly podCidrs?: readonly string[] | undefined;
};

/** The classes of a baker's volumes, as values of the chart. */
export type ClusterStorage = {
  readonly className?: string;
  /** The class and the size of the volume for nonces and watermarks. */
  readonly clientClassName?: string;
  readonly clientSize?: string;
};

/** The access to a cluster. It holds no credential, because a kubeconfig's content names a program that gets one. */
export type ClusterAccess = {
  /** A path or, for a cluster of Google's, the content as JSON. Default: kubectl's own. */
  readonly kubeconfig?: string;
  readonly context: string;
  /** Stays the same as long as it is the same cluster. */
  readonly identifier: string;
  readonly kubectl: string;
  /** The command that adds the context to a user's kubeconfig, if that is necessary. */
  readonly getCredentials?: string;
  /** The `snapshotDriver` of the cluster, if it has one. */
  readonly snapshotDriver?: string;
  /** The `storage` of the cluster, if it has one. */
  readonly storage?: ClusterStorage;
  /** The `podCidrs` of the cluster, if it has them. */
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
      // Only a changed identifier means another cluster. A changed credential or address in the kubeconfig does not.
      clusterIdentifier: identifier,
      // The host key and the signers change in place, because their names are fixed and a pod mounts them.
      enableSecretMutable: true,
      enableConfigMapMutable: true,
    },
    opts,
  );
}
