import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Cluster } from "./cluster/clusterAccess.ts";
import type { BakerConfig, StackConfig } from "./config/config.ts";
import { primarySigner } from "./config/signerRoutes.ts";
import { bakerRelease } from "./names/releaseNames.ts";
import { snapshotLabels } from "./names/snapshotLabels.ts";
import type { SignerForwarder } from "./signerForwarder.ts";

/** The arguments of Baker. */
export type BakerArgs = {
  readonly baker: BakerConfig;
  readonly cluster: Cluster;
  readonly forwarder: SignerForwarder;
  readonly namespace: string;
  /** The Octez image, if it is not the chart's. */
  readonly image?: StackConfig["images"]["octez"];
  /** The image that takes snapshots, if it is not the chart's. */
  readonly backupImage?: StackConfig["images"]["backup"];
  /** The URL at which bakers request signatures, `http://host:port`, by signer name. */
  readonly signerUrls: Readonly<Record<string, string>>;
};

/** One baker: node, baker and accuser, wired to the signers that hold its keys. */
export class Baker extends pulumi.ComponentResource {
  /** The command that shows what the baker signs. */
  readonly logsCommand: pulumi.Output<string>;
  /** The signer of each address that it bakes for, or several signers in their order. */
  readonly keys: pulumi.Output<Record<string, string | string[]>>;

  constructor(name: string, args: BakerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("remote-signer-cloud:index:Baker", name, {}, opts);
    const { backupImage, cluster, forwarder, image, namespace, signerUrls } = args;
    // Chain and block time are the guard's, in the forwarder's chart.
    const { name: _, chainId: __, minimalBlockSeconds: ___, keys, backup, ...settings } = args.baker;
    const release = bakerRelease(args.baker.name);
    const child = { parent: this, provider: cluster.provider };
    const snapshotClass = backup && !backup.snapshotClassName ? this.makeSnapshotClass(name, args, child) : undefined;

    new k8s.helm.v4.Chart(
      `${name}-chart`,
      {
        name: release,
        namespace,
        chart: "./charts/baker",
        values: {
          ...(image && { image }),
          ...settings,
          ...(backup && {
            backup: {
              ...(snapshotClass && { snapshotClassName: snapshotClass.name }),
              ...backup,
              ...(backupImage && { image: backupImage }),
            },
          }),
          keys: keys.map(({ signer, ...key }) => ({ ...key, signerUrl: signerUrls[primarySigner({ signer })] })),
        },
      },
      { ...child, dependsOn: [forwarder.namespace, ...(snapshotClass ? [snapshotClass.resource] : [])] },
    );

    this.logsCommand = pulumi.interpolate`${cluster.kubectl} --namespace ${namespace} logs --follow statefulset/${release} --container octez-baker`;
    this.keys = pulumi.output(Object.fromEntries(keys.map((key) => [key.address, key.signer])));
    this.registerOutputs({ logsCommand: this.logsCommand, keys: this.keys });
  }

  /**
   * Makes the class of this baker's snapshots, on a cluster that comes without one.
   *
   * The cloud's snapshots carry its labels too, so that they can be found after the cluster is gone.
   */
  private makeSnapshotClass(
    name: string,
    { baker, cluster, namespace }: BakerArgs,
    child: pulumi.CustomResourceOptions,
  ): { name: string; resource: pulumi.Resource } | undefined {
    if (!cluster.snapshotDriver) return undefined;
    const className = `${namespace}.${bakerRelease(baker.name)}`;
    const labels = snapshotLabels(namespace, baker.name);
    const resource = new k8s.apiextensions.CustomResource(
      `${name}-snapshot-class`,
      {
        apiVersion: "snapshot.storage.k8s.io/v1",
        kind: "VolumeSnapshotClass",
        metadata: { name: className },
        driver: cluster.snapshotDriver,
        deletionPolicy: "Retain",
        parameters: {
          labels: Object.entries(labels)
            .map((label) => label.join("="))
            .join(","),
        },
      },
      child,
    );
    return { name: className, resource };
  }
}
