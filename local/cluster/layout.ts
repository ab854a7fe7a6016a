import { join } from "node:path";
import { runFolder, stateFolder } from "../machine/paths.ts";

/**
 * The local clusters that can exist. Their order determines their addresses.
 *
 * `dev` is the user's. `e2e` and `disaster` belong to the tests, which destroy `disaster` again and again.
 */
export const clusterNames = ["dev", "e2e", "disaster"] as const;
export type ClusterName = (typeof clusterNames)[number];

/** The most nodes that a cluster can have. */
export const mostNodes = 3;

/** A node of a running cluster, as the cluster's users see it. */
type LocalNode = {
  /** Its name in Kubernetes, which is the name of its network namespace too. */
  readonly name: string;
  /** Its address, for node ports. It can be reached from the host's own network namespace. */
  readonly address: string;
  readonly containerdSocket: string;
};

/** A running cluster, as its users see it. */
export type LocalCluster = {
  readonly name: ClusterName;
  /** The context in the kubeconfig. */
  readonly context: string;
  readonly kubeconfig: string;
  /** The address of the first node, for node ports. It can be reached from the host's own network namespace. */
  readonly nodeAddress: string;
  readonly nodeName: string;
  /** All nodes, the first one included. */
  readonly nodes: readonly LocalNode[];
  /** The host's end of the link to the cluster, which the node sees as the source of the host's connections. */
  readonly hostAddress: string;
  /** The name of the network namespace, as `ip netns` lists it. */
  readonly netns: string;
  readonly containerdSocket: string;
  readonly logs: string;
};

/**
 * Every address, name and folder of a cluster with its first node, or of a further node. All of them follow from the
 * cluster's name and the node's number. The first node also runs the control plane.
 */
export type Layout = {
  readonly name: ClusterName;
  readonly context: string;
  readonly nodeName: string;
  readonly hostAddress: string;
  readonly nodeAddress: string;
  /** The address of the first node, at which the API server listens. */
  readonly apiAddress: string;
  /** The addresses of the node's pods. */
  readonly podCidr: string;
  readonly serviceCidr: string;
  /** The address of the Service `kubernetes`. */
  readonly apiServiceAddress: string;
  readonly netns: string;
  readonly netnsFile: string;
  readonly mountNamespaceFile: string;
  /** The host's end of the link. */
  readonly link: string;
  readonly cgroup: string;
  readonly state: string;
  readonly run: string;
  readonly logs: string;
  readonly pki: string;
  /** The folder of volumes, which all nodes of a cluster share, as they do a cloud's disks. */
  readonly volumes: string;
  /** The folder of the notes about which node uses which volume. */
  readonly volumeUse: string;
  /** The folder for copies of volumes. It is outside the cluster's state, as in a cloud. */
  readonly snapshots: string;
  readonly csiSocket: string;
  readonly containerdSocket: string;
};

export function clusterLayout(name: ClusterName): Layout {
  const index = clusterNames.indexOf(name);
  if (index < 0)
    throw new Error(`local cluster: found name ${JSON.stringify(name)}, wanted ${clusterNames.join(", ")}`);
  const state = join(stateFolder, "clusters", name);
  return {
    name,
    context: name === "dev" ? "local" : `local-${name}`,
    ...ofNode(index, 1, `rsc-${name}`),
    serviceCidr: "10.96.0.0/16",
    apiServiceAddress: "10.96.0.1",
    cgroup: `remote-signer-cloud-${name}`,
    volumes: join(state, "volumes"),
    volumeUse: join(runFolder, name, "volume-use"),
    snapshots: join(stateFolder, "snapshots", name),
    ...foldersOf(state, join(runFolder, name)),
  };
}

/**
 * The layout of a cluster's node by its number, from 1. That of the first is the cluster's own. A further node has its
 * own namespaces, addresses, control group and folders, which are inside those of the cluster where they can be.
 */
export function nodeLayout(cluster: Layout, number: number): Layout {
  if (number === 1) return cluster;
  const inside = (folder: string): string => join(folder, "nodes", String(number));
  return {
    ...cluster,
    ...ofNode(clusterNames.indexOf(cluster.name), number, `${cluster.nodeName}-${number}`),
    cgroup: `${cluster.cgroup}/node-${number}`,
    ...foldersOf(inside(cluster.state), inside(cluster.run)),
  };
}

/** The layouts of a cluster's nodes from one number to another, by default to the greatest that there can be. */
export function nodeLayouts(cluster: Layout, first: number, last = mostNodes): Layout[] {
  return Array.from({ length: Math.max(last - first + 1, 0) }, (_, index) => nodeLayout(cluster, first + index));
}

/** The addresses and names of a node. */
function ofNode(clusterIndex: number, number: number, nodeName: string) {
  // 198.18.0.0/15 is reserved for network tests: no home, office or VPN routes it. One /30 per node.
  const address = (node: number, end: number): string => `198.18.${node - 1}.${4 * clusterIndex + end}`;
  return {
    nodeName,
    hostAddress: address(number, 1),
    nodeAddress: address(number, 2),
    apiAddress: address(1, 2),
    podCidr: `10.244.${number - 1}.0/24`,
    netns: nodeName,
    netnsFile: `/run/netns/${nodeName}`,
    link: nodeName,
  };
}

/** The folders and sockets below a node's folder for what stays, and its folder for what ends with a reboot. */
function foldersOf(state: string, run: string) {
  return {
    state,
    run,
    logs: join(state, "logs"),
    pki: join(state, "pki"),
    mountNamespaceFile: join(run, "mounts"),
    csiSocket: join(run, "csi.sock"),
    containerdSocket: join(run, "containerd.sock"),
  };
}
