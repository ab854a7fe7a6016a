import type { Progress } from "../machine/paths.ts";
import type { Api } from "./clusterApi.ts";
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

/** One run of `clusterUp`, as a daemon's hooks see it. */
export type ClusterStart = {
  readonly api: Api;
  /** When the run began to look at the cluster, in milliseconds of `Date.now()`. */
  readonly since: number;
  readonly progress: Progress;
};

/** A daemon of a cluster, with its place in the order of the start and the work that belongs to its start. */
export type ClusterDaemon = Daemon & {
  readonly name: DaemonName;
  /** The daemons that must serve, with their `ready` done, before this one starts. */
  readonly after: readonly DaemonName[];
  /** The address to check, or a socket that must accept a connection. */
  readonly health: string;
  /** Runs before the daemon starts. Skipped if it already runs as described. */
  readonly before?: (run: ClusterStart) => Promise<void>;
  /** Runs the whole start, from `before` to `ready`, which it gets as `start`. Skipped in the same case. */
  readonly around?: (run: ClusterStart, start: () => Promise<void>) => Promise<void>;
  /** Runs once the daemon serves. `started` is false if it already ran as described. */
  readonly ready?: (run: ClusterStart, started: boolean) => Promise<unknown>;
};
