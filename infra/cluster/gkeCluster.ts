import { Cluster as GoogleCluster } from "@pulumi/gcp/container/cluster.js";
import { NodePool } from "@pulumi/gcp/container/nodePool.js";
import { IAMMember } from "@pulumi/gcp/projects/iammember.js";
import { Account } from "@pulumi/gcp/serviceaccount/account.js";
import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { RandomId } from "@pulumi/random/randomId.js";
import type { GkeClusterConfig } from "../config/clusterConfig.ts";
import { familyOf, type MachineFamily } from "../config/machineFamilies.ts";
import { googleDisks, stackLabel } from "../names/snapshotLabels.ts";
import { type Cluster, type ClusterAccess, type ClusterStorage, providerFor } from "./clusterAccess.ts";
import { accessOf } from "./gkeAccess.ts";
import { maintenancePolicyOf } from "./gkeMaintenance.ts";
import { makeNetwork } from "./gkeNetwork.ts";
import { makeStorageClasses, storageOf } from "./gkeStorage.ts";

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
 * Its nodes are private. Its API is reached by a DNS name with a login of Google's, from the authorized networks, or
 * both. All resources are named `<stack>-<suffix>`.
 * The stack's name is cut to 23 characters to respect the shortest limit, 30 characters for a service account. Google
 * reserves some deleted names for weeks. A new suffix makes a new cluster, with another `clusterIdentifier`, that waits
 * for none of these names. To get one, replace the resource `<name>-suffix`.
 */
export class GkeCluster extends pulumi.ComponentResource implements Cluster {
  readonly provider: k8s.Provider;
  readonly kubectl: pulumi.Output<string>;
  readonly access: pulumi.Output<ClusterAccess>;
  readonly snapshotDriver = googleDisks;
  readonly storage: ClusterStorage;

  constructor(name: string, args: GkeClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("remote-signer-cloud:index:GkeCluster", name, {}, opts);
    const { authorizedNetworks, dnsEndpoint, project, region } = args;
    // The config knows no other family.
    const family = familyOf(args.nodePool.machineType) as MachineFamily;
    const hasIpEndpoint = authorizedNetworks.length > 0;
    const child = { parent: this };
    const suffix = new RandomId(`${name}-suffix`, { byteLength: 3, keepers: { project, region } }, child);
    const fullName = pulumi.interpolate`${args.stack.slice(0, 23)}-${suffix.hex}`;

    const { network, subnetwork, nat } = makeNetwork(name, fullName, args, child);
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
        controlPlaneEndpointsConfig: {
          dnsEndpointConfig: { allowExternalTraffic: dnsEndpoint },
          ipEndpointsConfig: { enabled: hasIpEndpoint },
        },
        ...(hasIpEndpoint && {
          masterAuthorizedNetworksConfig: {
            cidrBlocks: authorizedNetworks.map((cidrBlock) => ({ cidrBlock })),
            gcpPublicCidrsAccessEnabled: false,
          },
        }),
        // Without a login only the health checks answer.
        anonymousAuthenticationConfig: { mode: "LIMITED" },
        masterAuth: { clientCertificateConfig: { issueClientCertificate: false } },
        workloadIdentityConfig: { workloadPool: `${project}.svc.id.goog` },
        enableShieldedNodes: true,
        releaseChannel: { channel: args.releaseChannel },
        maintenancePolicy: maintenancePolicyOf(args),
        loggingConfig: { enableComponents: ["SYSTEM_COMPONENTS", "WORKLOADS"] },
        monitoringConfig: { enableComponents: ["SYSTEM_COMPONENTS"], managedPrometheus: { enabled: true } },
        // The bill is divided by label and namespace.
        resourceLabels: { ...args.labels, ...stackLabel(args.stack) },
        costManagementConfig: { enabled: true },
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
      {
        ...child,
        ignoreChanges: [
          "initialNodeCount",
          "nodeConfig",
          // It says something about the IP endpoint. Google's answer for a cluster without one would look like a change.
          ...(hasIpEndpoint ? [] : ["privateClusterConfig.enablePrivateEndpoint"]),
        ],
      },
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
        nodeConfig: { ...nodeConfig, machineType, imageType: "COS_CONTAINERD", diskType: family.disk, diskSizeGb },
      },
      { ...child, dependsOn: [nat, ...roles], ignoreChanges: ["initialNodeCount"] },
    );

    this.storage = storageOf(family);
    this.access = accessOf(cluster, fullName, { ...args, storage: this.storage });
    this.provider = providerFor(`${name}-provider`, this.access, { ...child, dependsOn: [nodePool] });
    this.kubectl = this.access.kubectl;
    makeStorageClasses(name, family, cluster.nodeLocations, { ...child, provider: this.provider });
    this.registerOutputs({ kubectl: this.kubectl, access: this.access });
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
