import { join } from "node:path";
import { runFolder, stateFolder } from "../machine/paths.ts";

/**
 * The local clusters that can exist. Their order determines their addresses.
 *
 * `dev` is the user's. `e2e` and `disaster` belong to the tests, which destroy `disaster` again and again.
 */
export const clusterNames = ["dev", "e2e", "disaster"] as const;
export type ClusterName = (typeof clusterNames)[number];

/** A running cluster, as its users see it. */
export type LocalCluster = {
  readonly name: ClusterName;
  /** The context in the kubeconfig. */
  readonly context: string;
  readonly kubeconfig: string;
  /** The address of the one node, for node ports. It can be reached from the host's own network namespace. */
  readonly nodeAddress: string;
  readonly nodeName: string;
  /** The host's end of the link to the cluster, which the node sees as the source of the host's connections. */
  readonly hostAddress: string;
  /** The name of the network namespace, as `ip netns` lists it. */
  readonly netns: string;
  readonly containerdSocket: string;
  readonly logs: string;
};

/** Every address, name and folder of a cluster. All of them follow from its name. */
export type Layout = {
  readonly name: ClusterName;
  readonly context: string;
  readonly nodeName: string;
  readonly hostAddress: string;
  readonly nodeAddress: string;
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
  readonly volumes: string;
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
  const run = join(runFolder, name);
  return {
    name,
    context: name === "dev" ? "local" : `local-${name}`,
    nodeName: `rsc-${name}`,
    // 198.18.0.0/15 is reserved for network tests: no home, office or VPN routes it. One /30 per cluster.
    hostAddress: `198.18.0.${4 * index + 1}`,
    nodeAddress: `198.18.0.${4 * index + 2}`,
    podCidr: "10.244.0.0/24",
    serviceCidr: "10.96.0.0/16",
    apiServiceAddress: "10.96.0.1",
    netns: `rsc-${name}`,
    netnsFile: `/run/netns/rsc-${name}`,
    mountNamespaceFile: join(run, "mounts"),
    link: `rsc-${name}`,
    cgroup: `remote-signer-cloud-${name}`,
    state,
    run,
    logs: join(state, "logs"),
    pki: join(state, "pki"),
    volumes: join(state, "volumes"),
    snapshots: join(stateFolder, "snapshots", name),
    csiSocket: join(run, "csi.sock"),
    containerdSocket: join(run, "containerd.sock"),
  };
}
