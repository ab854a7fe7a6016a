import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { StackConfig } from "./config.ts";

/** The only seam between which cluster it is and what runs in it. */
export interface Cluster {
  /** The provider that everything in the cluster is made with. */
  readonly provider: k8s.Provider;
  /** The words with which a person's `kubectl` reaches this cluster, for commands in outputs. */
  readonly kubectl: pulumi.Output<string>;
}

/** Takes the cluster that the config names. */
export function makeCluster(
  name: string,
  config: StackConfig["cluster"],
  opts?: pulumi.ComponentResourceOptions,
): Cluster {
  return new ExistingCluster(name, config, opts);
}

/** A cluster that exists already, by the context of a kubeconfig. */
export class ExistingCluster extends pulumi.ComponentResource implements Cluster {
  readonly provider: k8s.Provider;
  readonly kubectl: pulumi.Output<string>;

  constructor(name: string, args: StackConfig["cluster"], opts?: pulumi.ComponentResourceOptions) {
    super("remote-signer-cloud:index:ExistingCluster", name, {}, opts);
    const { context, kubeconfig } = args;
    this.provider = new k8s.Provider(
      `${name}-provider`,
      {
        ...(kubeconfig && { kubeconfig }),
        context,
        // Only another context means another cluster; a changed credential or address in the file does not.
        clusterIdentifier: context,
        // The host key and the signers change in place: their names are fixed, and a pod has them mounted.
        enableSecretMutable: true,
        enableConfigMapMutable: true,
      },
      { parent: this },
    );
    this.kubectl = pulumi.output(
      ["kubectl", ...(kubeconfig ? ["--kubeconfig", kubeconfig] : []), "--context", context].join(" "),
    );
    this.registerOutputs({ kubectl: this.kubectl });
  }
}
