import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { cgroupRoots } from "./cgroups.ts";
import { type ClusterDaemon, type ClusterTool, clusterTools, daemonNames } from "./clusterDaemon.ts";
import { containerdToml, coreDnsCorefile, kubeletConfig, kubeProxyConfig, podNetwork } from "./daemonConfig.ts";
import { clusterDaemons } from "./daemons.ts";
import { requireNumberOfNodes } from "./furtherNodes.ts";
import { type ClusterName, clusterLayout, clusterNames, type Layout, nodeLayout, nodeLayouts } from "./layout.ts";
import { mountsBelow } from "./namespaces.ts";
import { nodeDaemons } from "./nodeDaemons.ts";
import { linkTo, routesTo } from "./nodeLinks.ts";
import { certificates, kubeconfig } from "./pki.ts";
import { isStale } from "./readiness.ts";

const programs = {
  tools: Object.fromEntries(clusterTools.map((name) => [name, name])) as Record<ClusterTool, string>,
  pauseImage: { tag: "pause", archive: "pause.tar", digest: "sha256:0" },
  csiFiles: { proto: "csi.proto", definitions: [] },
};

/** Makes empty files of the keys that a layout's programs use. */
function fillPki(layout: Layout): void {
  for (const { file } of [...certificates(layout), { file: "ca" }]) {
    for (const kind of ["crt", "key"]) writeFileSync(join(layout.pki, `${file}.${kind}`), "");
  }
}

test("two clusters share no address, name or folder", () => {
  const [dev, e2e] = clusterNames.map(clusterLayout);
  const shared = ["podCidr", "serviceCidr", "apiServiceAddress"];
  for (const key of Object.keys(dev ?? {}) as (keyof typeof dev)[]) {
    assert.equal(dev?.[key] === e2e?.[key], shared.includes(key), key);
  }
  assert.equal(dev?.context, "local");
  assert.equal(e2e?.nodeAddress, "198.18.0.6");
});

test("a further node has its own addresses, names and folders, and the cluster's first node is the cluster", () => {
  const layouts = clusterNames.flatMap((name) => nodeLayouts(clusterLayout(name), 1));
  assert.equal(layouts.length, 9);
  assert.deepEqual(nodeLayout(clusterLayout("e2e"), 1), clusterLayout("e2e"));
  const own = ["nodeName", "hostAddress", "nodeAddress", "netns", "link", "cgroup", "state", "run", "logs", "pki"];
  for (const key of [...own, "mountNamespaceFile", "csiSocket", "containerdSocket"] as (keyof Layout)[]) {
    assert.equal(new Set(layouts.map((layout) => layout[key])).size, layouts.length, key);
  }
  const { nodeName, nodeAddress, apiAddress, podCidr, cgroup, volumes } = nodeLayout(clusterLayout("e2e"), 2);
  assert.deepEqual(
    { nodeName, nodeAddress, apiAddress, podCidr, cgroup },
    {
      nodeName: "rsc-e2e-2",
      nodeAddress: "198.18.1.6",
      apiAddress: "198.18.0.6",
      podCidr: "10.244.1.0/24",
      cgroup: "remote-signer-cloud-e2e/node-2",
    },
  );
  assert.equal(volumes, clusterLayout("e2e").volumes, "a volume follows its pod to another node");
});

test("a number of nodes that a cluster cannot have is refused", () => {
  for (const count of [1, 2, 3]) requireNumberOfNodes(count);
  for (const count of [0, 4, 1.5, Number.NaN]) {
    assert.throws(() => requireNumberOfNodes(count), {
      message: `local cluster: found nodes: ${count}, wanted 1 to 3`,
    });
  }
});

test("a node reaches another and its pods by their link alone", () => {
  const [one, two] = nodeLayouts(clusterLayout("disaster"), 1) as [Layout, Layout];
  assert.deepEqual(routesTo(one, two), [
    "link set to-disaster-2 up",
    "route replace 198.18.1.10/32 dev to-disaster-2 src 198.18.0.10",
    "route replace 10.244.1.0/24 via 198.18.1.10 dev to-disaster-2 onlink src 198.18.0.10",
  ]);
});

test("a further node's programs call the cluster's API and answer at the node's own address", () => {
  const node = { ...nodeLayout(clusterLayout("dev"), 2), pki: mkdtempSync(join(tmpdir(), "pki-")) };
  fillPki(node);
  const daemons = nodeDaemons(node, programs);
  const { clusters } = JSON.parse(kubeconfig(node, "kubelet")) as { clusters: [{ cluster: { server: string } }] };
  rmSync(node.pki, { recursive: true });
  assert.equal(clusters[0].cluster.server, "https://198.18.0.2:6443");
  assert.deepEqual(
    daemons.map(({ name }) => name),
    ["containerd", "kubelet", "kube-proxy", "coredns", "kube-router", "csi-driver"],
  );
  const kubelet = daemons.find(({ name }) => name === "kubelet") as ClusterDaemon;
  assert.ok(kubelet.command.includes("--node-ip=198.18.1.2"), kubelet.command.join(" "));
  assert.ok(kubelet.command.includes("--hostname-override=rsc-dev-2"), kubelet.command.join(" "));
  const { clusterDNS, cgroupRoot } = JSON.parse(Object.values(kubelet.files)[0] as string);
  // A pod asks its own node for names, so that it can do so when another node is gone.
  assert.deepEqual([clusterDNS, cgroupRoot], [["198.18.1.2"], "/remote-signer-cloud-dev/node-2"]);
  const files = daemons.flatMap((daemon) => Object.keys(daemon.files));
  assert.ok(
    files.every((file) => file.startsWith(`${node.state}/`)),
    files.join(" "),
  );
});

test("an unknown cluster is refused with what was found and wanted", () => {
  assert.throws(() => clusterLayout("prod" as ClusterName), /found name "prod", wanted dev, e2e, disaster/);
});

test("names of network interfaces fit the kernel's 15 characters", () => {
  const layouts = clusterNames.flatMap((name) => nodeLayouts(clusterLayout(name), 1));
  for (const name of layouts.flatMap((layout) => [layout.link, linkTo(layout)])) assert.ok(name.length <= 15, name);
});

test("the roots of control groups are found in cgroup v1 and v2", () => {
  const v1 = "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory";
  const v2 = "41 31 0:38 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate";
  const other = "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755";
  assert.deepEqual(cgroupRoots([other, v1].join("\n")), ["/sys/fs/cgroup/memory"]);
  assert.deepEqual(cgroupRoots([other, v2].join("\n")), ["/sys/fs/cgroup"]);
});

test("mounts are found innermost first, and only those of the cluster", () => {
  const mount = (point: string): string => `50 1 8:1 / ${point} rw - ext4 /dev/sda rw`;
  const points = ["/", "/run/x/dev", "/run/x/dev/mounts", "/run/x/dev-other", "/run/x/dev/a\\040b"];
  assert.deepEqual(mountsBelow(points.map(mount).join("\n"), ["/run/x/dev"]), [
    "/run/x/dev/a b",
    "/run/x/dev/mounts",
    "/run/x/dev",
  ]);
});

test("a pod's status from before a reboot is told from a new one", () => {
  const started = (startedAt: string): object => ({
    status: { phase: "Running", containerStatuses: [{ state: { running: { startedAt } } }] },
  });
  const boot = Date.parse("2026-01-01T10:00:00.700Z");
  assert.equal(isStale(started("2026-01-01T09:59:59Z"), boot), true);
  assert.equal(isStale(started("2026-01-01T10:00:00Z"), boot), false);
  assert.equal(isStale({ status: { phase: "Succeeded" } }, boot), false);
  assert.equal(isStale({ status: { phase: "Running", containerStatuses: [{ state: {} }] } }, boot), false);
});

test("configuration files are of the form that their readers want", () => {
  const layout = clusterLayout("dev");
  for (const text of [kubeletConfig(layout), kubeProxyConfig(layout, "/k"), podNetwork(layout)]) JSON.parse(text);
  assert.equal(JSON.parse(kubeletConfig(layout)).cgroupRoot, "/remote-signer-cloud-dev");
  // Within one block, CoreDNS would let `template` answer for the cluster's own names.
  for (const block of coreDnsCorefile(layout, "/k").split(/^}$/m)) {
    assert.ok(!(block.includes("kubernetes {") && block.includes("template ")), block);
  }
  assert.match(containerdToml(layout, "localhost/pause:1"), /^sandbox_image = "localhost\/pause:1"$/m);
});

test("no file is written for one daemon while another may be reading it", () => {
  const layout = { ...clusterLayout("dev"), pki: mkdtempSync(join(tmpdir(), "pki-")) };
  fillPki(layout);
  const daemons = clusterDaemons(layout, programs);
  rmSync(layout.pki, { recursive: true });
  const files = daemons.flatMap((daemon) => Object.keys(daemon.files));
  assert.deepEqual(files, [...new Set(files)]);
  const order = daemons.map(({ name }) => name);
  for (const { name, after } of daemons) {
    // A daemon is started in the list's order, so one that it waits for must stand above it.
    for (const earlier of after) assert.ok(order.indexOf(earlier) < order.indexOf(name), `${earlier} before ${name}`);
  }
  assert.deepEqual(order.sort(), [...daemonNames].sort());
});
