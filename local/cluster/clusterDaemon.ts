import type { Daemon } from "./processes.ts";

/** The Go programs of a cluster. */
export const clusterTools = [
  "etcd",
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "kubelet",
  "kube-proxy",
  "coredns",
  "kube-router",
  "csi-provisioner",
  "csi-snapshotter",
  "snapshot-controller",
] as const;
export type ClusterTool = (typeof clusterTools)[number];
export const daemonNames = [...clusterTools, "containerd", "csi-driver"] as const;
export type DaemonName = (typeof daemonNames)[number];

/** A daemon, those that must serve before it starts, and where it tells that it serves. */
export type ClusterDaemon = Daemon & {
  readonly name: DaemonName;
  readonly after: readonly DaemonName[];
  /** An address to ask, or a socket that must accept. */
  readonly health: string;
};
