import { join } from "node:path";
import type { Layout } from "./layout.ts";

/** The configuration files of a cluster's daemons. Settings that they leave out have the program's own default. */

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

export function containerdToml(layout: Layout, pauseImage: string): string {
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  return `version = 2
root = "${layout.state}/containerd"
state = "${layout.run}/containerd"
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.aufs"]

[grpc]
address = "${layout.containerdSocket}"

[plugins."io.containerd.internal.v1.opt"]
path = "${layout.state}/containerd/opt"

[${cri}]
sandbox_image = "${pauseImage}"
# Where we may not lower a score below our own (containers, some virtual machines), pods would not start.
restrict_oom_score_adj = true
netns_mounts_under_state_dir = true
disable_hugetlb_controller = true
tolerate_missing_hugetlb_controller = true

[${cri}.cni]
bin_dir = "/usr/lib/cni"
conf_dir = "${layout.state}/config/cni"

[${cri}.containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[${cri}.containerd.runtimes.runc.options]
SystemdCgroup = false
Root = "${layout.run}/runc"
`;
}

export function podNetwork(layout: Layout): string {
  return json({
    cniVersion: "1.0.0",
    name: layout.netns,
    plugins: [
      {
        // A routed link per pod and not a bridge: bridged traffic would need the module br_netfilter to see Services.
        type: "ptp",
        ipam: {
          type: "host-local",
          // A reboot frees the addresses, as it removes the pods' network namespaces.
          dataDir: join(layout.run, "pod-addresses"),
          ranges: [[{ subnet: layout.podCidr }]],
          routes: [{ dst: "0.0.0.0/0" }],
        },
      },
      { type: "portmap", capabilities: { portMappings: true } },
    ],
  });
}

export function kubeletConfig(layout: Layout): string {
  return json({
    kind: "KubeletConfiguration",
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    address: layout.nodeAddress,
    healthzBindAddress: layout.nodeAddress,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: join(layout.pki, "ca.crt") },
    },
    authorization: { mode: "Webhook" },
    tlsCertFile: join(layout.pki, "node.crt"),
    tlsPrivateKeyFile: join(layout.pki, "node.key"),
    containerRuntimeEndpoint: `unix://${layout.containerdSocket}`,
    cgroupDriver: "cgroupfs",
    cgroupRoot: `/${layout.cgroup}`,
    failCgroupV1: false,
    failSwapOn: false,
    clusterDNS: [layout.nodeAddress],
    clusterDomain: "cluster.local",
    // Not the host's: pods cannot reach its name servers, and its search domains are not for them.
    resolvConf: "",
    podLogsDir: join(layout.logs, "pods"),
    volumePluginDir: join(layout.state, "kubelet", "volume-plugins"),
    // Watching for a full disk is left to the user. Images cannot be pulled again, so none is ever collected.
    evictionHard: {
      "memory.available": "50Mi",
      "nodefs.available": "1%",
      "nodefs.inodesFree": "1%",
      "imagefs.available": "1%",
    },
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    // A changed ConfigMap or Secret reaches the pods' volumes after about a second, not a minute.
    syncFrequency: "1s",
    configMapAndSecretChangeDetectionStrategy: "Watch",
    nodeStatusUpdateFrequency: "5s",
  });
}

export function kubeProxyConfig(layout: Layout, kubeconfig: string): string {
  return json({
    kind: "KubeProxyConfiguration",
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    mode: "iptables",
    hostnameOverride: layout.nodeName,
    bindAddress: layout.nodeAddress,
    healthzBindAddress: `${layout.nodeAddress}:10256`,
    clusterCIDR: layout.podCidr,
    clientConnection: { kubeconfig },
    iptables: { minSyncPeriod: "100ms", localhostNodePorts: false },
    // The tables' sizes belong to the host: a network namespace cannot set them.
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: "0s", tcpCloseWaitTimeout: "0s" },
  });
}

export function coreDnsCorefile(layout: Layout, kubeconfig: string): string {
  // Only the cluster's names exist, and no query goes outside. Other names have a separate block, because within one
  // block `template` comes before `kubernetes`, whatever the order here.
  return `cluster.local in-addr.arpa ip6.arpa {
  bind ${layout.nodeAddress}
  errors
  ready ${layout.nodeAddress}:8181
  kubernetes {
    kubeconfig ${kubeconfig}
    ttl 5
  }
}
. {
  bind ${layout.nodeAddress}
  template ANY ANY {
    rcode NXDOMAIN
  }
}
`;
}
