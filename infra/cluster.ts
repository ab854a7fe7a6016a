import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterConfig, ExistingClusterConfig } from "./clusterConfig.ts";
import type { Facts } from "./facts.ts";

/** The only seam between which cluster it is and what runs in it. */
export interface Cluster {
  /** The provider that everything in the cluster is made with. */
  readonly provider: k8s.Provider;
  /** The words with which a person's `kubectl` reaches this cluster, for commands in outputs. */
  readonly kubectl: pulumi.Output<string>;
  /** What another stack needs to run in this cluster as well. */
  readonly access: pulumi.Output<ClusterAccess>;
  /** The CSI driver of its disks, where the program must make the class of their snapshots because the cluster has none. */
  readonly snapshotDriver?: string | undefined;
}

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
};

/** Takes or makes the cluster that the config names; `stack` is what the names of a new one begin with. */
export async function makeCluster(
  name: string,
  { config, facts, stack }: { config: ClusterConfig; facts: Facts; stack: string },
  opts?: pulumi.ComponentResourceOptions,
): Promise<Cluster> {
  if (config.kind === "existing") return new ExistingCluster(name, config, opts);
  if (config.kind === "stack") return new SharedCluster(name, facts.sharedCluster as ClusterAccess, opts);
  // Google's SDK is large; only a stack that uses it reads it.
  const { GkeCluster } = await import("./gkeCluster.ts");
  return new GkeCluster(name, { ...config, stack }, opts);
}

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

/** A cluster that exists already, by the context of a kubeconfig. */
export class ExistingCluster extends pulumi.ComponentResource implements Cluster {
  readonly provider: k8s.Provider;
  readonly kubectl: pulumi.Output<string>;
  readonly access: pulumi.Output<ClusterAccess>;

  constructor(name: string, args: Omit<ExistingClusterConfig, "kind">, opts?: pulumi.ComponentResourceOptions) {
    super("remote-signer-cloud:index:ExistingCluster", name, {}, opts);
    const { context, kubeconfig } = args;
    const kubectl = ["kubectl", ...(kubeconfig ? ["--kubeconfig", kubeconfig] : []), "--context", context].join(" ");
    const access = { ...(kubeconfig && { kubeconfig }), context, identifier: context, kubectl };
    this.provider = providerFor(`${name}-provider`, access, { parent: this });
    this.kubectl = pulumi.output(kubectl);
    this.access = pulumi.output(access);
    this.registerOutputs({ kubectl: this.kubectl, access: this.access });
  }
}

/** The cluster of another stack, as that stack's output `cluster` says it. */
export class SharedCluster extends pulumi.ComponentResource implements Cluster {
  readonly provider: k8s.Provider;
  readonly kubectl: pulumi.Output<string>;
  readonly access: pulumi.Output<ClusterAccess>;
  readonly snapshotDriver: string | undefined;

  constructor(name: string, access: ClusterAccess, opts?: pulumi.ComponentResourceOptions) {
    super("remote-signer-cloud:index:SharedCluster", name, {}, opts);
    this.provider = providerFor(`${name}-provider`, access, { parent: this });
    this.kubectl = pulumi.output(access.kubectl);
    this.access = pulumi.output(access);
    this.snapshotDriver = access.snapshotDriver;
    this.registerOutputs({ kubectl: this.kubectl, access: this.access });
  }
}
