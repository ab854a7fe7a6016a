import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Cluster } from "./cluster/clusterAccess.ts";
import type { BakerConfig, StackConfig } from "./config/config.ts";
import { authenticationAlias, keysOf } from "./config/delegateConfig.ts";
import type { SignerConfig } from "./config/signerConfig.ts";
import { primarySigner, routerOf } from "./config/signerRoutes.ts";
import type { Endpoint } from "./endpoint.ts";
import { type AuthenticationKey, authenticationKeyOf } from "./keys/authenticationKey.ts";
import { bakerRelease } from "./names/releaseNames.ts";
import { snapshotLabels } from "./names/snapshotLabels.ts";
import { portValues, serviceValues } from "./serviceValues.ts";
import type { SignerForwarder } from "./signerForwarder.ts";

/** The arguments of Baker. */
export type BakerArgs = {
  readonly baker: BakerConfig;
  readonly cluster: Cluster;
  /** Where peers dial its DAL node. Without one they can't. */
  readonly dalEndpoint?: Endpoint | undefined;
  /** The seed of the key with which it signs its requests. Without one it signs none. */
  readonly authenticationSeed?: string | undefined;
  readonly monitoring?: StackConfig["monitoring"];
  readonly forwarder: SignerForwarder;
  readonly namespace: string;
  /** The Octez image, if it is not the chart's. */
  readonly image?: StackConfig["images"]["octez"];
  /** The image that takes snapshots, if it is not the chart's. */
  readonly backupImage?: StackConfig["images"]["backup"];
  /** The router's image, which is the forwarder's, if it is not the chart's. */
  readonly routerImage?: StackConfig["images"]["signerForwarder"];
  /** The stack's signers. */
  readonly signers: readonly SignerConfig[];
};

/** The addresses of the keys that sign for a delegate. */
export type DelegateOutput = { readonly consensus: readonly string[]; readonly companion: readonly string[] };

/** One baker: its nodes, baker and accuser, and the router that takes its requests to the signers that hold its keys. */
export class Baker extends pulumi.ComponentResource {
  /** The command that shows what the baker signs. */
  readonly logsCommand: pulumi.Output<string>;
  /** The signer of each address that it bakes for, or several signers in their order. */
  readonly keys: pulumi.Output<Record<string, string | string[]>>;
  /** The addresses of the keys that sign for each delegate. */
  readonly delegates: pulumi.Output<Record<string, DelegateOutput>>;
  /** The public key with which it signs its requests, if it does. */
  readonly authenticationKey: pulumi.Output<string | undefined>;

  constructor(name: string, args: BakerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("remote-signer-cloud:index:Baker", name, {}, opts);
    const { authenticationSeed, backupImage, cluster, dalEndpoint, forwarder, image, monitoring } = args;
    const { baker, namespace, routerImage, signers } = args;
    const release = bakerRelease(baker.name);
    const child = { parent: this, provider: cluster.provider };
    const keys = keysOf(baker);
    const snapshotClass =
      baker.backup && !baker.backup.snapshotClassName ? this.makeSnapshotClass(name, args, child) : undefined;
    const inNamespace = { ...child, dependsOn: [forwarder.namespace] };
    const authenticationKey = authenticationSeed ? authenticationKeyOf(authenticationSeed, baker.name) : undefined;
    const authentication =
      authenticationKey &&
      this.makeAuthentication(`${name}-authentication`, release, authenticationKey, args, inNamespace);
    const dalAddress =
      dalEndpoint && this.makeDalAddress(`${name}-dal-address`, release, dalEndpoint, args, inNamespace);

    new k8s.helm.v4.Chart(
      `${name}-chart`,
      {
        name: release,
        namespace,
        chart: "./charts/baker",
        values: {
          ...(image && { image }),
          ...settingsOf(baker),
          ...(baker.backup && {
            backup: {
              ...(snapshotClass && { snapshotClassName: snapshotClass.name }),
              ...baker.backup,
              ...(backupImage && { image: backupImage }),
            },
          }),
          ...storageOf(baker, cluster),
          delegates: baker.delegates.map(({ address }) => address),
          keys: keys.map(({ signer, ...key }) => ({
            ...key,
            signerUrl: routerUrl(primarySigner({ signer }), signers),
          })),
          router: routerOf(baker, signers, forwarder.replicas),
          ...(routerImage && { routerImage }),
          ...(authenticationKey && {
            authentication: {
              address: authenticationKey.address,
              publicKey: authenticationKey.publicKey,
              secretName: `${release}-authentication`,
            },
          }),
          ...(baker.dal === false && { dal: { enabled: false } }),
          ...(dalEndpoint && {
            dal: { addressConfigMap: `${release}-dal-address`, service: serviceValues(dalEndpoint) },
          }),
          ...(monitoring && monitoring.kind !== "none" && { monitoring: scraperOf(monitoring) }),
        },
      },
      {
        ...child,
        dependsOn: [
          forwarder.namespace,
          ...(snapshotClass ? [snapshotClass.resource] : []),
          ...(authentication ? [authentication] : []),
          ...(dalAddress ? [dalAddress] : []),
        ],
      },
    );

    this.logsCommand = pulumi.interpolate`${cluster.kubectl} --namespace ${namespace} logs --follow statefulset/${release} --container octez-baker`;
    this.keys = pulumi.output(Object.fromEntries(keys.map((key) => [key.address, key.signer])));
    this.delegates = pulumi.output(
      Object.fromEntries(baker.delegates.map(({ address, keys }) => [address, addressesOf(keys)])),
    );
    this.authenticationKey = pulumi.output(authenticationKey?.publicKey);
    this.registerOutputs({
      logsCommand: this.logsCommand,
      keys: this.keys,
      delegates: this.delegates,
      authenticationKey: this.authenticationKey,
    });
  }

  /** Makes the Secret with the key that signs the baker's requests, as an entry of Octez's wallet. */
  private makeAuthentication(
    name: string,
    release: string,
    { secretKey }: AuthenticationKey,
    { namespace }: BakerArgs,
    options: pulumi.CustomResourceOptions,
  ): k8s.core.v1.Secret {
    const entry = JSON.stringify({ name: authenticationAlias, value: `unencrypted:${secretKey}` });
    const data = { entry: pulumi.secret(Buffer.from(entry).toString("base64")) };
    return new k8s.core.v1.Secret(name, { metadata: { name: `${release}-authentication`, namespace }, data }, options);
  }

  /** Makes the ConfigMap with the address that the DAL node tells its peers. A reserved one's number may be made just now. */
  private makeDalAddress(
    name: string,
    release: string,
    { host, nodePort, port }: Endpoint,
    { namespace }: BakerArgs,
    options: pulumi.CustomResourceOptions,
  ): k8s.core.v1.ConfigMap {
    // Without the Pulumi engine the number of a reserved address is unknown.
    const data = pulumi
      .output<string | undefined>(host)
      .apply((host): Record<string, string> => (host ? { dal: addressText(host, nodePort ?? port) } : {}));
    const metadata = { name: `${release}-dal-address`, namespace };
    return new k8s.core.v1.ConfigMap(name, { metadata, data }, options);
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

/** The chart's values that the config has in the same form, or nearly. */
function settingsOf(baker: BakerConfig) {
  // Chain and block time are the guard's, in the forwarder's chart. The rest has values of other forms.
  const { name, chainId, minimalBlockSeconds, delegates, keys, snapshotUrl, ...rest } = baker;
  const { backup, storage, dal, p2p, liquidityBakingToggleVote, ...settings } = rest;
  return {
    ...settings,
    ...(liquidityBakingToggleVote && { votes: { liquidityBakingToggleVote } }),
    ...(p2p && { p2p: { service: portValues(p2p) } }),
  };
}

/** The chart's values for the volumes: the config's, and the cluster's classes where the config has none. */
function storageOf({ storage }: BakerConfig, cluster: Cluster) {
  const values = { ...cluster.storage, ...storage };
  return Object.keys(values).length > 0 ? { storage: values } : {};
}

function scraperOf({ kind, namespace, interval, labels }: NonNullable<StackConfig["monitoring"]>) {
  return { kind, namespace, ...(interval && { interval }), ...(labels && { labels }) };
}

/** Where the pod's router takes the requests for the keys that have this signer first. */
function routerUrl(name: string, signers: readonly SignerConfig[]): string {
  return `http://127.0.0.1:${signers.find((signer) => signer.name === name)?.port}`;
}

function addressText(host: string, port: number): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function addressesOf({ consensus, companion = [] }: BakerConfig["delegates"][number]["keys"]): DelegateOutput {
  const addresses = (keys: readonly { address: string }[]) => keys.map(({ address }) => address);
  return { consensus: addresses(consensus), companion: addresses(companion) };
}
