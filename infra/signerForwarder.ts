import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Cluster } from "./cluster/clusterAccess.ts";
import type { StackConfig } from "./config/config.ts";
import { type BakerKey, keysOf } from "./config/delegateConfig.ts";
import type { SignerConfig } from "./config/signerConfig.ts";
import { asks, routeFor, signersOf } from "./config/signerRoutes.ts";
import type { Endpoint } from "./endpoint.ts";
import { authenticationKeyOf } from "./keys/authenticationKey.ts";
import { knownHostsOf } from "./keys/knownHosts.ts";
import { namespaceLabels } from "./names/namespaceLabels.ts";
import { sshPortOf } from "./names/ports.ts";
import { routedName } from "./names/replicaNames.ts";
import { serviceValues } from "./serviceValues.ts";

/** An endpoint that signers dial. The alternate ports are for networks that block ssh on the first. */
export type SignerEndpoint = {
  readonly host: string;
  readonly port: number;
  readonly alternatePorts: readonly number[];
  readonly user: string;
};

/** The arguments of SignerForwarder. */
export type SignerForwarderArgs = Pick<
  StackConfig,
  | "authenticationSeed"
  | "bakers"
  | "monitoring"
  | "nextAuthenticationSeed"
  | "nextHostKey"
  | "outsideBakers"
  | "signers"
> & {
  readonly cluster: Cluster;
  /** What signers dial, one for each replica. */
  readonly endpoints: readonly [Endpoint, Endpoint?];
  readonly hostKey: NonNullable<StackConfig["hostKey"]>;
  /** The namespace that it makes and that the stack's bakers share. */
  readonly namespace: string;
  /** The image, if it is not the chart's. */
  readonly image?: StackConfig["images"]["signerForwarder"];
};

/** The facts about one signer that its host and its operator need. */
export type SignerOutput = {
  /** The URL at which bakers without a router request its signatures. */
  readonly url: string;
  readonly port: number;
  /** The port of the signer host's ssh on the forwarder's loopback. */
  readonly sshPort: number;
  /** The command that forwards the signer host's ssh to the operator's machine, at `sshPort` of 127.0.0.1. */
  readonly sshCommand: string;
  /** The ssh keys with which it may dial in. */
  readonly sshPublicKeys: readonly string[];
  /** The keys that bakers use with this signer, as its first or a later one. */
  readonly keys: readonly { readonly name: string; readonly address: string; readonly publicKey: string }[];
  /** The public keys with which these bakers sign their requests, now and once the seed is changed. */
  readonly authorizedKeys: readonly string[];
} & Pick<SignerConfig, "answerSeconds" | "device" | "mains" | "ups" | "uplinks">;

/** The user name that signers log in with. The image defines it. */
const user = "signer";

/** The pods that signers dial: sshd and the gateway, with the host key, the Services and the namespace. */
export class SignerForwarder extends pulumi.ComponentResource {
  /** The endpoints that signers dial, one for each replica. */
  readonly endpoints: pulumi.Output<readonly SignerEndpoint[]>;
  /** The lines for a signer host's known_hosts file: the host key's, and the next one's. */
  readonly knownHosts: pulumi.Output<string>;
  readonly hostKeyFingerprint: pulumi.Output<string>;
  readonly signers: pulumi.Output<Record<string, SignerOutput>>;
  /** The host names of the replicas, at which the bakers' routers ask, known before anything is made. */
  readonly replicas: readonly string[];
  readonly namespace: k8s.core.v1.Namespace;

  constructor(name: string, args: SignerForwarderArgs, opts?: pulumi.ComponentResourceOptions) {
    super("remote-signer-cloud:index:SignerForwarder", name, {}, opts);
    const { bakers, cluster, endpoints, hostKey, image, monitoring, namespace, nextHostKey, signers } = args;
    const { outsideBakers } = args;
    const [first, second] = endpoints;
    const all = second ? [first, second] : [first];
    const child = { parent: this, provider: cluster.provider };
    const seeds = [args.authenticationSeed, args.nextAuthenticationSeed].filter((seed) => seed !== undefined);

    this.namespace = new k8s.core.v1.Namespace(
      `${name}-namespace`,
      {
        metadata: {
          name: namespace,
          labels: namespaceLabels,
        },
      },
      child,
    );

    const secret = new k8s.core.v1.Secret(
      `${name}-host-key`,
      {
        metadata: { name: "signer-forwarder-host-key", namespace: this.namespace.metadata.name },
        data: {
          [hostKey.fileName]: secretData(hostKey.pem),
          ...(nextHostKey && { [`next_${nextHostKey.fileName}`]: secretData(nextHostKey.pem) }),
        },
      },
      child,
    );

    new k8s.helm.v4.Chart(
      `${name}-chart`,
      {
        name: "signer-forwarder",
        namespace,
        chart: "./charts/signer-forwarder",
        values: {
          ...(image && { image }),
          // A literal instead of an output, because the chart is rendered from known values only.
          hostKeySecret: "signer-forwarder-host-key",
          service: serviceValues(first),
          ...(second && { secondService: serviceValues(second) }),
          // The device, the power and the uplinks of the host are the kit's business.
          signers: signers.map(({ device, mains, ups, uplinks, sshPublicKey, nextSshPublicKey, ...signer }) => ({
            ...signer,
            ...(sshPublicKey && { sshPublicKey: sshPublicKey.line }),
            ...(nextSshPublicKey && { nextSshPublicKey: nextSshPublicKey.line }),
            ...routeFor(signer.name, bakers, outsideBakers),
          })),
          ...(cluster.podCidrs && { networkPolicy: { podCidrs: cluster.podCidrs } }),
          ...(monitoring && monitoring.kind !== "none" && { monitoring }),
        },
      },
      { ...child, dependsOn: [this.namespace, secret] },
    );

    this.endpoints = pulumi.output(
      all.map(({ alternatePorts, host, nodePort, port }) => {
        return { host, port: nodePort ?? port, alternatePorts: [...alternatePorts], user };
      }),
    );
    const hostKeys = nextHostKey ? [hostKey, nextHostKey] : [hostKey];
    this.knownHosts = pulumi
      .output(all.map(({ host }) => host))
      .apply((hosts) => [...new Set(hosts)].map((host) => knownHostsOf(host, hostKeys)).join(""));
    this.hostKeyFingerprint = pulumi.output(hostKey.fingerprint);
    this.replicas = all.map((_, i) => `${routedName(i)}.${namespace}.svc`);
    this.signers = cluster.kubectl.apply((kubectl) => {
      const entries = signers.map((signer): [string, SignerOutput] => {
        const { name, port, answerSeconds, device, mains, ups, uplinks } = signer;
        const sshPort = sshPortOf(port);
        const sshCommand = `${kubectl} --namespace ${namespace} port-forward deployment/signer-forwarder ${sshPort}`;
        const url = `http://signer-${name}.${namespace}.svc:${port}`;
        const uses = (key: BakerKey) => signersOf(key).includes(name);
        const keys = [...bakers, ...outsideBakers].flatMap((baker) => keysOf(baker).filter(uses).map(publicPart));
        const itsBakers = bakers.filter((baker) => asks(baker, name));
        const authorizedKeys = [
          ...seeds.flatMap((seed) => itsBakers.map((baker) => authenticationKeyOf(seed, baker.name).publicKey)),
          ...outsideBakers
            .filter((baker) => asks(baker, name))
            .flatMap(({ authenticationKey }) => authenticationKey ?? []),
        ];
        const sshKeys = [signer.sshPublicKey, signer.nextSshPublicKey];
        const sshPublicKeys = sshKeys.flatMap((key) => key?.line ?? []);
        const host = {
          sshPublicKeys,
          answerSeconds,
          device,
          ...(mains && { mains }),
          ...(ups && { ups }),
          ...(uplinks && { uplinks }),
          keys,
          authorizedKeys,
        };
        return [name, { url, port, sshPort, sshCommand, ...host }];
      });
      return Object.fromEntries(entries);
    });
    this.registerOutputs({
      endpoints: this.endpoints,
      knownHosts: this.knownHosts,
      hostKeyFingerprint: this.hostKeyFingerprint,
      signers: this.signers,
    });
  }
}

function publicPart({ name, address, publicKey }: BakerKey): SignerOutput["keys"][number] {
  return { name, address, publicKey };
}

/** Encodes a text for a Secret's data. */
function secretData(text: string): pulumi.Output<string> {
  return pulumi.secret(Buffer.from(text).toString("base64"));
}
