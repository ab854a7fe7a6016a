import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Cluster } from "./cluster.ts";
import type { BakerConfig, StackConfig } from "./config.ts";
import type { SignerForwarder } from "./signerForwarder.ts";

/** What a baker is made from. */
export type BakerArgs = {
  readonly baker: BakerConfig;
  readonly cluster: Cluster;
  readonly forwarder: SignerForwarder;
  readonly namespace: string;
  /** The Octez image, where it is not the chart's. */
  readonly image?: StackConfig["images"]["octez"];
  /** Where bakers find each signer's signatures: `http://host:port` by signer name. */
  readonly signerUrls: Readonly<Record<string, string>>;
};

/** One baker: node, baker and accuser, wired to the signers that hold its keys. */
export class Baker extends pulumi.ComponentResource {
  /** The command that shows what it signs. */
  readonly logsCommand: pulumi.Output<string>;
  /** The addresses that it bakes for, and the signer of each. */
  readonly keys: pulumi.Output<Record<string, string>>;

  constructor(name: string, args: BakerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("remote-signer-cloud:index:Baker", name, {}, opts);
    const { cluster, forwarder, image, namespace, signerUrls } = args;
    const { name: bakerName, keys, ...settings } = args.baker;
    const release = `baker-${bakerName}`;

    new k8s.helm.v4.Chart(
      `${name}-chart`,
      {
        name: release,
        namespace,
        chart: "./charts/baker",
        values: {
          ...(image && { image }),
          ...settings,
          keys: keys.map(({ signer, ...key }) => ({ ...key, signerUrl: signerUrls[signer] })),
        },
      },
      { parent: this, provider: cluster.provider, dependsOn: [forwarder.namespace] },
    );

    this.logsCommand = pulumi.interpolate`${cluster.kubectl} --namespace ${namespace} logs --follow statefulset/${release} --container octez-baker`;
    this.keys = pulumi.output(Object.fromEntries(keys.map((key) => [key.address, key.signer])));
    this.registerOutputs({ logsCommand: this.logsCommand, keys: this.keys });
  }
}
