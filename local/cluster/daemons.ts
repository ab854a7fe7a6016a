import { join } from "node:path";
import type { ClusterDaemon } from "./clusterDaemon.ts";
import { csiCallers } from "./csi/csiDaemons.ts";
import type { Layout } from "./layout.ts";
import { type NodePrograms, nodeDaemons } from "./nodeDaemons.ts";
import { kubeconfig } from "./pki.ts";
import { applyRoles } from "./rbac.ts";

/** All processes of a cluster with its first node. They find and trust each other only through files in its folders. */
export function clusterDaemons(layout: Layout, programs: NodePrograms): ClusterDaemon[] {
  const { tools, csiFiles } = programs;
  const node = layout.nodeAddress;
  const pki = (file: string): string => join(layout.pki, file);
  const config = (file: string): string => join(layout.state, "config", file);
  const login = (user: string): Record<string, string> => ({
    [config(`${user}.kubeconfig`)]: kubeconfig(layout, user),
  });
  const nodeCertificate = [`--tls-cert-file=${pki("node.crt")}`, `--tls-private-key-file=${pki("node.key")}`];
  return [
    {
      name: "etcd",
      command: [
        tools.etcd,
        "--name=etcd",
        `--data-dir=${join(layout.state, "etcd")}`,
        // The loopback of the cluster's own network namespace, which neither the host nor a pod can reach.
        "--listen-client-urls=http://127.0.0.1:2379",
        "--advertise-client-urls=http://127.0.0.1:2379",
        "--listen-peer-urls=http://127.0.0.1:2380",
        "--initial-advertise-peer-urls=http://127.0.0.1:2380",
        "--initial-cluster=etcd=http://127.0.0.1:2380",
        `--listen-metrics-urls=http://${node}:2381`,
        "--auto-compaction-retention=5m",
        "--log-level=warn",
      ],
      files: {},
      after: [],
      health: `http://${node}:2381/health`,
    },
    {
      name: "kube-apiserver",
      command: [
        tools["kube-apiserver"],
        `--advertise-address=${node}`,
        "--etcd-servers=http://127.0.0.1:2379",
        `--service-cluster-ip-range=${layout.serviceCidr}`,
        "--allow-privileged=true",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        `--client-ca-file=${pki("ca.crt")}`,
        `--tls-cert-file=${pki("apiserver.crt")}`,
        `--tls-private-key-file=${pki("apiserver.key")}`,
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        `--service-account-key-file=${pki("service-account.pub")}`,
        `--service-account-signing-key-file=${pki("service-account.key")}`,
        `--kubelet-certificate-authority=${pki("ca.crt")}`,
        `--kubelet-client-certificate=${pki("apiserver-kubelet.crt")}`,
        `--kubelet-client-key=${pki("apiserver-kubelet.key")}`,
        // The node's name does not resolve anywhere. Without this, logs, exec and port-forward fail.
        "--kubelet-preferred-address-types=InternalIP",
        "--profiling=false",
      ],
      files: {},
      after: ["etcd"],
      health: `https://${node}:6443/readyz`,
      ready: async ({ api }, started) => {
        if (started) await applyRoles(api);
      },
    },
    {
      name: "kube-controller-manager",
      command: [
        tools["kube-controller-manager"],
        `--kubeconfig=${config("kube-controller-manager.kubeconfig")}`,
        `--bind-address=${node}`,
        ...nodeCertificate,
        "--leader-elect=false",
        "--use-service-account-credentials=true",
        `--service-account-private-key-file=${pki("service-account.key")}`,
        `--root-ca-file=${pki("ca.crt")}`,
        "--kube-api-qps=100",
        "--kube-api-burst=200",
        "--profiling=false",
      ],
      files: login("kube-controller-manager"),
      after: ["kube-apiserver"],
      health: `https://${node}:10257/healthz`,
    },
    {
      name: "kube-scheduler",
      command: [
        tools["kube-scheduler"],
        `--kubeconfig=${config("kube-scheduler.kubeconfig")}`,
        `--bind-address=${node}`,
        ...nodeCertificate,
        "--leader-elect=false",
        "--profiling=false",
      ],
      files: login("kube-scheduler"),
      after: ["kube-apiserver"],
      health: `https://${node}:10259/healthz`,
    },
    ...nodeDaemons(layout, programs),
    ...csiCallers(layout, tools, csiFiles),
  ];
}
