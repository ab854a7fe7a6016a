import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { type Cluster, type ClusterAccess, type ClusterStorage, providerFor } from "./cluster/clusterAccess.ts";
import type { ClusterConfig, ExistingClusterConfig } from "./config/clusterConfig.ts";
import { localAccess } from "./config/localCluster.ts";
import type { Facts } from "./facts/preflight.ts";

/** Finds or makes the cluster that the config names. The names of a new one start with `stack`. */
export async function makeCluster(
  name: string,
  { config, facts, stack }: { config: ClusterConfig; facts: Facts; stack: string },
  opts?: pulumi.ComponentResourceOptions,
): Promise<Cluster> {
  if (config.kind === "existing") return new ExistingCluster(name, config, opts);
  // It is made before this program runs.
  if (config.kind === "local") return new ExistingCluster(name, localAccess(config.name), opts);
  if (config.kind === "stack") return new SharedCluster(name, facts.sharedCluster as ClusterAccess, opts);
  // Google's SDK is large, so only a stack that uses it loads it.
  const { GkeCluster } = await import("./cluster/gkeCluster.ts");
  return new GkeCluster(name, { ...config, stack }, opts);
}

/** A cluster that exists already, given by the context of a kubeconfig. */
class ExistingCluster extends pulumi.ComponentResource implements Cluster {
  readonly provider: k8s.Provider;
  readonly kubectl: pulumi.Output<string>;
  readonly access: pulumi.Output<ClusterAccess>;
  readonly podCidrs: readonly string[] | undefined;

  constructor(
    name: string,
    args: Pick<ExistingClusterConfig, "context" | "kubeconfig" | "podCidrs">,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("remote-signer-cloud:index:ExistingCluster", name, {}, opts);
    const { context, kubeconfig, podCidrs } = args;
    const kubectl = ["kubectl", ...(kubeconfig ? ["--kubeconfig", kubeconfig] : []), "--context", context].join(" ");
    const access = {
      ...(kubeconfig && { kubeconfig }),
      context,
      identifier: context,
      kubectl,
      ...(podCidrs && { podCidrs }),
    };
    this.provider = providerFor(`${name}-provider`, access, { parent: this });
    this.kubectl = pulumi.output(kubectl);
    this.access = pulumi.output(access);
    this.podCidrs = podCidrs;
    this.registerOutputs({ kubectl: this.kubectl, access: this.access });
  }
}

/** The cluster of another stack, as that stack's output `cluster` describes it. */
class SharedCluster extends pulumi.ComponentResource implements Cluster {
  readonly provider: k8s.Provider;
  readonly kubectl: pulumi.Output<string>;
  readonly access: pulumi.Output<ClusterAccess>;
  readonly snapshotDriver: string | undefined;
  readonly storage: ClusterStorage | undefined;
  readonly podCidrs: readonly string[] | undefined;

  constructor(name: string, access: ClusterAccess, opts?: pulumi.ComponentResourceOptions) {
    super("remote-signer-cloud:index:SharedCluster", name, {}, opts);
    this.provider = providerFor(`${name}-provider`, access, { parent: this });
    this.kubectl = pulumi.output(access.kubectl);
    this.access = pulumi.output(access);
    this.snapshotDriver = access.snapshotDriver;
    this.storage = access.storage;
    this.podCidrs = access.podCidrs;
    this.registerOutputs({ kubectl: this.kubectl, access: this.access });
  }
}
