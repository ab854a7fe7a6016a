import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ensureImage } from "../images/images.ts";
import { root } from "../machine/checkout.ts";
import type { Progress } from "../machine/paths.ts";
import { ensurePackages } from "../toolchain/debianPackages.ts";
import { ensureTools } from "../toolchain/tools.ts";
import { removeCgroups } from "./cgroups.ts";
import { clusterApi } from "./clusterApi.ts";
import { type ClusterStart, clusterTools, daemonNames } from "./clusterDaemon.ts";
import { withClusterLock } from "./clusterLock.ts";
import { ensureCsiFiles } from "./csi/csiFiles.ts";
import { clusterDaemons } from "./daemons.ts";
import { ensureFurtherNodes, requireNumberOfNodes } from "./furtherNodes.ts";
import { restoreKernelSettings } from "./kernel.ts";
import {
  type ClusterName,
  clusterLayout,
  clusterNames,
  type Layout,
  type LocalCluster,
  nodeLayouts,
} from "./layout.ts";
import { makeNamespaces, namespacesExist, removeFixedFolders, removeNamespaces } from "./namespaces.ts";
import type { NodePrograms } from "./nodeDaemons.ts";
import { joinAgain } from "./nodeFaults.ts";
import { ensurePki, kubeconfig } from "./pki.ts";
import { runningPid } from "./processes.ts";
import { accountReady, podsRenewed } from "./readiness.ts";
import { startDaemons } from "./startDaemons.ts";

/** The file that marks a cluster as having been complete once. */
const completeMark = (layout: Layout): string => join(layout.state, "complete");

export type ClusterOptions = {
  readonly name: ClusterName;
  /** The file to which the administrator's kubeconfig is written. */
  readonly kubeconfig: string;
  readonly progress: Progress;
  /** How many nodes it has, 1 to 3. Default: as many as it has already, or 1. Further ones are removed. */
  readonly nodes?: number;
};

/** Makes a local cluster run and serve, whatever state it was in before. */
export async function clusterUp(options: ClusterOptions): Promise<LocalCluster> {
  const layout = clusterLayout(options.name);
  const count = options.nodes ?? (nodeLayouts(layout, 1).filter(({ state }) => existsSync(state)).length || 1);
  requireNumberOfNodes(count);
  requireRoot();
  return withClusterLock(layout, options.progress, async () => {
    await ensurePackages(options.progress);
    const tools = await ensureTools(clusterTools, options.progress);
    const csiFiles = await ensureCsiFiles(tools["csi-provisioner"], options.progress);
    const pauseImage = await ensureImage(
      { dockerfile: "Dockerfile", files: { ".": join(root, "local/images/pause"), pause: "/usr/bin/catatonit" } },
      "localhost/remote-signer-cloud/pause:1",
      options.progress,
    );
    if (!existsSync(completeMark(layout)) && existsSync(layout.state)) {
      options.progress(`removing the local cluster ${layout.name}, whose making was interrupted`);
      await removeAll(layout);
    }
    const since = Date.now();
    const asAfterReboot = !namespacesExist(layout);
    if (asAfterReboot) {
      await endAll(layout);
      await makeNamespaces(layout);
    }
    for (const node of nodeLayouts(layout, 1)) await joinAgain(node);
    const pki = await ensurePki(layout);
    writeKubeconfig(layout, options.kubeconfig);
    const api = clusterApi(layout);
    const run: ClusterStart = { api, since, progress: options.progress };
    const programs: NodePrograms = { tools, pauseImage, csiFiles };
    const daemons = clusterDaemons(layout, programs);
    const serving = startDaemons(layout, daemons, run, pki);
    await Promise.all([
      ...serving.values(),
      serving.get("kube-controller-manager")?.then(() => accountReady(layout, api)),
      serving.get("kube-apiserver")?.then(() => ensureFurtherNodes(layout, count, programs, run, pki)),
    ]);
    if (asAfterReboot) await podsRenewed(layout, api, since);
    await restoreKernelSettings(options.progress);
    writeFileSync(completeMark(layout), "");
    return describe(layout, options.kubeconfig, count);
  });
}

/** Ends a local cluster and removes all of it, including its data. Built tools and images stay. */
export async function clusterDown(name: ClusterName, progress: Progress): Promise<void> {
  const layout = clusterLayout(name);
  requireRoot();
  await withClusterLock(layout, progress, async () => {
    if (clusterStatus(name).state === "absent") return;
    progress(`removing the local cluster ${name} and its data`);
    await removeAll(layout);
    await restoreKernelSettings(progress);
  });
}

async function removeAll(layout: Layout): Promise<void> {
  // The mark goes first, so that the remains of an interrupted removal do not count as a cluster.
  rmSync(completeMark(layout), { force: true });
  await endAll(layout);
  rmSync(layout.state, { recursive: true, force: true });
  if (!clusterNames.some((name) => existsSync(clusterLayout(name).run))) removeFixedFolders();
}

/** Ends all processes of a cluster and removes everything else that a reboot would remove. */
async function endAll(layout: Layout): Promise<void> {
  await removeCgroups(layout.cgroup);
  for (const node of nodeLayouts(layout, 1).reverse()) await removeNamespaces(node);
  rmSync(layout.run, { recursive: true, force: true });
}

export type ClusterStatus = {
  readonly name: ClusterName;
  /** `stopped`: it has data but no process. `partial`: some processes run, or it was never completed. */
  readonly state: "absent" | "stopped" | "partial" | "running";
  readonly running: readonly string[];
};

/** Returns how much of a local cluster exists, without contacting it. */
export function clusterStatus(name: ClusterName): ClusterStatus {
  const layout = clusterLayout(name);
  const running = daemonNames.filter((daemon) => runningPid(layout, daemon) !== undefined);
  const finished = existsSync(completeMark(layout));
  const remains = [layout.state, layout.run, layout.netnsFile].some((path) => existsSync(path));
  if (finished && running.length === daemonNames.length) return { name, state: "running", running };
  if (finished && running.length === 0) return { name, state: "stopped", running };
  return { name, state: remains ? "partial" : "absent", running };
}

function describe(layout: Layout, kubeconfigFile: string, count: number): LocalCluster {
  const { name, context, nodeAddress, nodeName, hostAddress, netns, containerdSocket, logs } = layout;
  return {
    name,
    context,
    kubeconfig: kubeconfigFile,
    nodeAddress,
    nodeName,
    nodes: nodeLayouts(layout, 1, count).map((node) => ({
      name: node.nodeName,
      address: node.nodeAddress,
      containerdSocket: node.containerdSocket,
    })),
    hostAddress,
    netns,
    containerdSocket,
    logs,
  };
}

function writeKubeconfig(layout: Layout, file: string): void {
  const content = kubeconfig(layout, "admin");
  if (existsSync(file) && readFileSync(file, "utf8") === content) return;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content, { mode: 0o600 });
  chmodSync(file, 0o600);
}

function requireRoot(): void {
  if (process.platform === "linux" && process.getuid?.() === 0) return;
  throw new Error(
    `local cluster: found user ${process.getuid?.()} on ${process.platform}, wanted root on Linux; or name a cluster that you have: --context NAME`,
  );
}
