import { Network } from "@pulumi/gcp/compute/network.js";
import { Router } from "@pulumi/gcp/compute/router.js";
import { RouterNat } from "@pulumi/gcp/compute/routerNat.js";
import { Subnetwork } from "@pulumi/gcp/compute/subnetwork.js";
import { Cluster as GoogleCluster } from "@pulumi/gcp/container/cluster.js";
import { NodePool } from "@pulumi/gcp/container/nodePool.js";
import { IAMMember } from "@pulumi/gcp/projects/iammember.js";
import { Account } from "@pulumi/gcp/serviceaccount/account.js";
import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { RandomId } from "@pulumi/random/randomId.js";
import type { GkeClusterConfig } from "../config/clusterConfig.ts";
import { googleDisks } from "../names/snapshotLabels.ts";
import { type Cluster, type ClusterAccess, providerFor } from "./clusterAccess.ts";
import { kubeconfigOf } from "./gkeKubeconfig.ts";

/** The arguments of GkeCluster. */
export type GkeClusterArgs = Omit<GkeClusterConfig, "kind"> & {
  /** The names of all resources start with this. */
  readonly stack: string;
};

/**
 * The roles of the nodes' account: the minimum that GKE requires, and one to pull images from the project's registry.
 *
 * https://cloud.google.com/kubernetes-engine/docs/how-to/hardening-your-cluster
 */
const nodeRoles = {
  node: "roles/container.defaultNodeServiceAccount",
  images: "roles/artifactregistry.reader",
};

/**
 * A regional cluster in Google's cloud, in a separate network.
 *
 * Its nodes are private, and only the authorized networks reach its API. All resources are named `<stack>-<suffix>`.
 * The stack's name is cut to 23 characters to respect the shortest limit, 30 characters for a service account. Google
 * reserves some deleted names for weeks. A new suffix makes a new cluster, with another `clusterIdentifier`, that waits
 * for none of these names. To get one, replace the resource `<name>-suffix`.
 */
export class GkeCluster extends pulumi.ComponentResource implements Cluster {
  readonly provider: k8s.Provider;
  readonly kubectl: pulumi.Output<string>;
  readonly access: pulumi.Output<ClusterAccess>;
  readonly snapshotDriver = googleDisks;

  constructor(name: string, args: GkeClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("remote-signer-cloud:index:GkeCluster", name, {}, opts);
    const { project, region } = args;
    const child = { parent: this };
    const suffix = new RandomId(`${name}-suffix`, { byteLength: 3, keepers: { project, region } }, child);
    const fullName = pulumi.interpolate`${args.stack.slice(0, 23)}-${suffix.hex}`;

    const { network, subnetwork, nat } = this.makeNetwork(name, fullName, args);
    const { account, roles } = this.makeNodeAccount(name, fullName, args);
    const nodeConfig = {
      serviceAccount: account.email,
      oauthScopes: ["https://www.googleapis.com/auth/cloud-platform"],
      shieldedInstanceConfig: { enableSecureBoot: true, enableIntegrityMonitoring: true },
      workloadMetadataConfig: { mode: "GKE_METADATA" },
    };

    const cluster = new GoogleCluster(
      `${name}-cluster`,
      {
        name: fullName,
        project,
        location: region,
        ...(args.zones && { nodeLocations: args.zones }),
        deletionProtection: args.deletionProtection,
        network: network.id,
        subnetwork: subnetwork.id,
        networkingMode: "VPC_NATIVE",
        ipAllocationPolicy: { clusterSecondaryRangeName: "pods", servicesSecondaryRangeName: "services" },
        datapathProvider: "ADVANCED_DATAPATH",
        privateClusterConfig: { enablePrivateNodes: true, enablePrivateEndpoint: false },
        masterAuthorizedNetworksConfig: {
          cidrBlocks: args.authorizedNetworks.map((cidrBlock) => ({ cidrBlock })),
          gcpPublicCidrsAccessEnabled: false,
        },
        masterAuth: { clientCertificateConfig: { issueClientCertificate: false } },
        workloadIdentityConfig: { workloadPool: `${project}.svc.id.goog` },
        enableShieldedNodes: true,
        releaseChannel: { channel: args.releaseChannel },
        maintenancePolicy: { recurringWindow: windowOf(args.maintenanceWindow) },
        loggingConfig: { enableComponents: ["SYSTEM_COMPONENTS", "WORKLOADS"] },
        monitoringConfig: { enableComponents: ["SYSTEM_COMPONENTS"], managedPrometheus: { enabled: true } },
        addonsConfig: {
          gcePersistentDiskCsiDriverConfig: { enabled: true },
          // It also provides the load balancers for Services.
          httpLoadBalancing: { disabled: false },
        },
        // GKE creates a cluster with a pool, which is removed at once. Even this pool must not run as the project's
        // default account.
        removeDefaultNodePool: true,
        initialNodeCount: 1,
        nodeConfig,
      },
      { ...child, ignoreChanges: ["initialNodeCount", "nodeConfig"] },
    );

    const { diskSizeGb, machineType, maxNodes, minNodes } = args.nodePool;
    const nodePool = new NodePool(
      // Pulumi names the pool, so that the successor of a replaced pool exists before the old one is deleted.
      `${name}-nodes`,
      {
        project,
        cluster: cluster.name,
        location: region,
        ...(args.zones && { nodeLocations: args.zones }),
        initialNodeCount: 1,
        autoscaling: { totalMinNodeCount: minNodes, totalMaxNodeCount: maxNodes, locationPolicy: "BALANCED" },
        management: { autoRepair: true, autoUpgrade: true },
        // During an upgrade there is one more node, and never one fewer.
        upgradeSettings: { strategy: "SURGE", maxSurge: 1, maxUnavailable: 0 },
        nodeConfig: { ...nodeConfig, machineType, imageType: "COS_CONTAINERD", diskType: "pd-balanced", diskSizeGb },
      },
      { ...child, dependsOn: [nat, ...roles], ignoreChanges: ["initialNodeCount"] },
    );

    const ca = cluster.masterAuth.clusterCaCertificate;
    this.access = pulumi.all([fullName, cluster.endpoint, ca]).apply(([clusterName, endpoint, caCertificate]) => {
      // The context that `gcloud container clusters get-credentials` writes.
      const context = `gke_${project}_${region}_${clusterName}`;
      return {
        // Without the Pulumi engine the API's address is unknown.
        ...(endpoint && { kubeconfig: kubeconfigOf({ context, endpoint, caCertificate }) }),
        context,
        identifier: context,
        kubectl: `kubectl --context ${context}`,
        getCredentials: `gcloud container clusters get-credentials ${clusterName} --region ${region} --project ${project}`,
        snapshotDriver: this.snapshotDriver,
      };
    });
    this.provider = providerFor(`${name}-provider`, this.access, { ...child, dependsOn: [nodePool] });
    this.kubectl = this.access.kubectl;
    this.registerOutputs({ kubectl: this.kubectl, access: this.access });
  }

  /** Makes a network with one subnetwork, and NAT for nodes without a public address. */
  private makeNetwork(name: string, fullName: pulumi.Output<string>, { project, region }: GkeClusterArgs) {
    const child = { parent: this };
    const network = new Network(`${name}-network`, { name: fullName, project, autoCreateSubnetworks: false }, child);
    const subnetwork = new Subnetwork(
      `${name}-subnetwork`,
      {
        name: fullName,
        project,
        region,
        network: network.id,
        // Room for 1,020 nodes, 256 of them with 110 pods each, and 4,096 Services. Nothing else uses this network.
        ipCidrRange: "10.0.0.0/22",
        secondaryIpRanges: [
          { rangeName: "pods", ipCidrRange: "10.64.0.0/16" },
          { rangeName: "services", ipCidrRange: "10.1.0.0/20" },
        ],
        privateIpGoogleAccess: true,
      },
      child,
    );
    const router = new Router(`${name}-router`, { name: fullName, project, region, network: network.id }, child);
    const nat = new RouterNat(
      `${name}-nat`,
      {
        name: fullName,
        project,
        region,
        router: router.name,
        natIpAllocateOption: "AUTO_ONLY",
        sourceSubnetworkIpRangesToNat: "ALL_SUBNETWORKS_ALL_IP_RANGES",
        logConfig: { enable: true, filter: "ERRORS_ONLY" },
      },
      child,
    );
    return { network, subnetwork, nat };
  }

  /** Makes the account that nodes run as, and its roles. */
  private makeNodeAccount(name: string, fullName: pulumi.Output<string>, { project, stack }: GkeClusterArgs) {
    const child = { parent: this };
    const account = new Account(
      `${name}-node-account`,
      { accountId: fullName, project, displayName: `Nodes of the cluster of stack ${stack}` },
      child,
    );
    const member = pulumi.interpolate`serviceAccount:${account.email}`;
    const roles = Object.entries(nodeRoles).map(
      ([key, role]) => new IAMMember(`${name}-role-${key}`, { project, role, member }, child),
    );
    return { account, roles };
  }
}

/** A weekly window in GKE's form. The date only says when it starts to repeat. */
function windowOf({ days, hours, start }: GkeClusterArgs["maintenanceWindow"]) {
  const startTime = new Date(`2026-01-01T${start}:00Z`);
  const endTime = new Date(startTime.getTime() + hours * 3600_000);
  const text = (time: Date) => time.toISOString().replace(".000Z", "Z");
  return { startTime: text(startTime), endTime: text(endTime), recurrence: `FREQ=WEEKLY;BYDAY=${days.join(",")}` };
}
