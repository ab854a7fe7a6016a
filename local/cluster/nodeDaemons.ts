import { join } from "node:path";
import { type Image, loadImage } from "../images/images.ts";
import type { ClusterDaemon, ClusterTool } from "./clusterDaemon.ts";
import { csiDriver } from "./csi/csiDaemons.ts";
import type { CsiFiles } from "./csi/csiFiles.ts";
import { containerdToml, coreDnsCorefile, kubeletConfig, kubeProxyConfig, podNetwork } from "./daemonConfig.ts";
import { keepingKernelSettings } from "./kernel.ts";
import type { Layout } from "./layout.ts";
import { kubeconfig } from "./pki.ts";
import { nodeReady } from "./readiness.ts";

/** What the nodes of a cluster run, as files of this machine. */
export type NodePrograms = {
  readonly tools: Record<ClusterTool, string>;
  readonly pauseImage: Image;
  readonly csiFiles: CsiFiles;
};

/**
 * The processes that each node of a cluster has.
 *
 * They wait for the API server only where it is among the daemons that are started with them: a further node's are
 * started once it serves.
 */
export function nodeDaemons(layout: Layout, { tools, pauseImage, csiFiles }: NodePrograms): ClusterDaemon[] {
  const node = layout.nodeAddress;
  const config = (file: string): string => join(layout.state, "config", file);
  const login = (user: string): Record<string, string> => ({
    [config(`${user}.kubeconfig`)]: kubeconfig(layout, user),
  });
  return [
    {
      name: "containerd",
      command: ["containerd", `--config=${config("containerd.toml")}`],
      files: {
        [config("containerd.toml")]: containerdToml(layout, pauseImage.tag),
        [config("cni/10-pods.conflist")]: podNetwork(layout),
      },
      after: [],
      health: `unix:${layout.containerdSocket}`,
      ready: () => loadImage(layout, pauseImage, () => {}),
    },
    {
      name: "kubelet",
      command: [
        tools.kubelet,
        `--config=${config("kubelet.json")}`,
        `--kubeconfig=${config("kubelet.kubeconfig")}`,
        `--root-dir=${join(layout.state, "kubelet")}`,
        `--cert-dir=${join(layout.state, "kubelet", "pki")}`,
        `--hostname-override=${layout.nodeName}`,
        `--node-ip=${node}`,
      ],
      files: { [config("kubelet.json")]: kubeletConfig(layout), ...login("kubelet") },
      after: ["containerd", "kube-apiserver"],
      health: `http://${node}:10248/healthz`,
      around: ({ progress }, start) => keepingKernelSettings(progress, start),
      ready: ({ api, since }, started) => nodeReady(layout, api, started ? since : 0),
    },
    {
      name: "kube-proxy",
      command: [tools["kube-proxy"], `--config=${config("kube-proxy.json")}`],
      files: {
        [config("kube-proxy.json")]: kubeProxyConfig(layout, config("kube-proxy.kubeconfig")),
        ...login("kube-proxy"),
      },
      after: ["kube-apiserver"],
      health: `http://${node}:10256/healthz`,
    },
    {
      name: "coredns",
      command: [tools.coredns, "-conf", config("Corefile")],
      files: { [config("Corefile")]: coreDnsCorefile(layout, config("coredns.kubeconfig")), ...login("coredns") },
      after: ["kube-apiserver"],
      health: `http://${node}:8181/ready`,
    },
    {
      // It only enforces NetworkPolicies. Routing and Services work without it.
      name: "kube-router",
      command: [
        tools["kube-router"],
        `--kubeconfig=${config("kube-router.kubeconfig")}`,
        `--hostname-override=${layout.nodeName}`,
        "--run-router=false",
        "--run-service-proxy=false",
        `--service-cluster-ip-range=${layout.serviceCidr}`,
        "--health-port=20244",
      ],
      files: login("kube-router"),
      after: ["kube-apiserver", "kubelet"],
      health: `http://${node}:20244/healthz`,
    },
    csiDriver(layout, csiFiles),
  ];
}
