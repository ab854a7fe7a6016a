import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ensureImage, loadImage } from "../images/images.ts";
import { root } from "../machine/checkout.ts";
import { withLock } from "../machine/machineLock.ts";
import { type Progress, runFolder } from "../machine/paths.ts";
import { ensurePackages } from "../toolchain/debianPackages.ts";
import { ensureTools } from "../toolchain/tools.ts";
import { makeCgroups, removeCgroups } from "./cgroups.ts";
import { clusterApi } from "./clusterApi.ts";
import { type ClusterDaemon, clusterTools, type DaemonName, daemonNames } from "./clusterDaemon.ts";
import { ensureCsiFiles } from "./csi/csiFiles.ts";
import { applyStorage } from "./csi/storageClasses.ts";
import { clusterDaemons } from "./daemons.ts";
import { keepingKernelSettings, restoreKernelSettings } from "./kernel.ts";
import { type ClusterName, clusterLayout, clusterNames, type Layout, type LocalCluster } from "./layout.ts";
import { makeNamespaces, namespacesExist, removeFixedFolders, removeNamespaces } from "./namespaces.ts";
import { ensurePki, kubeconfig } from "./pki.ts";
import { ensureRunning, isRunning, runningPid, waitHealthy } from "./processes.ts";
import { applyRoles } from "./rbac.ts";
import { accountReady, nodeReady, podsRenewed } from "./readiness.ts";

/** The file that says that a cluster has once been whole. */
const completeMark = (layout: Layout): string => join(layout.state, "complete");

export type ClusterOptions = {
  readonly name: ClusterName;
  /** The file that gets the administrator's kubeconfig. */
  readonly kubeconfig: string;
  readonly progress: Progress;
};

/** Makes a local cluster run and serve, whatever of it was there before. */
export async function clusterUp(options: ClusterOptions): Promise<LocalCluster> {
  const layout = clusterLayout(options.name);
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
    const pki = await ensurePki(layout);
    writeKubeconfig(layout, options.kubeconfig);
    const cluster = describe(layout, options.kubeconfig);
    const api = clusterApi(layout);
    const daemons = clusterDaemons(layout, tools, pauseImage.tag, csiFiles);
    const idle = daemons.filter((daemon) => !isRunning(layout, daemon, pki));
    if (idle.length > 0) options.progress(`starting ${idle.map((daemon) => daemon.name).join(", ")}`);
    const cgroups = makeCgroups(layout.cgroup);
    const start = async (daemon: ClusterDaemon, wanted: () => void): Promise<void> => {
      if (daemon.name === "snapshot-controller" && idle.includes(daemon)) await applyStorage(layout, api, csiFiles);
      const started = await ensureRunning(layout, daemon, cgroups, pki);
      await waitHealthy(layout, daemon.name, () => {
        wanted();
        return api.healthy(daemon.health);
      });
      if (daemon.name === "containerd") await loadImage(cluster, pauseImage, () => {});
      if (daemon.name === "kube-apiserver" && started) await applyRoles(api);
      if (daemon.name === "kubelet") await nodeReady(layout, api, started ? since : 0);
    };
    const serving = startAll(daemons, (daemon, wanted) =>
      daemon.name === "kubelet" && idle.includes(daemon)
        ? keepingKernelSettings(options.progress, () => start(daemon, wanted))
        : start(daemon, wanted),
    );
    await Promise.all([
      ...serving.values(),
      serving.get("kube-controller-manager")?.then(() => accountReady(layout, api)),
    ]);
    if (asAfterReboot) await podsRenewed(layout, api, since);
    await restoreKernelSettings(options.progress);
    writeFileSync(completeMark(layout), "");
    return cluster;
  });
}

/**
 * Runs `start` for each daemon as soon as it has ended for those that must serve before.
 *
 * `start` is given a function that throws once another daemon has failed, so that nobody waits in vain.
 */
function startAll(
  daemons: readonly ClusterDaemon[],
  start: (daemon: ClusterDaemon, wanted: () => void) => Promise<void>,
): Map<DaemonName, Promise<void>> {
  const serving = new Map<DaemonName, Promise<void>>();
  const failures: unknown[] = [];
  const wanted = (): void => {
    if (failures.length > 0) throw failures[0];
  };
  for (const daemon of daemons) {
    const before = Promise.all(daemon.after.map((name) => serving.get(name)));
    const served = before.then(() => start(daemon, wanted));
    served.catch((error: unknown) => failures.push(error));
    serving.set(daemon.name, served);
  }
  return serving;
}

/** Ends a local cluster and removes all of it, data included; built tools and images stay. */
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
  // Without its mark, what an interrupted removal leaves is not taken for a cluster.
  rmSync(completeMark(layout), { force: true });
  await endAll(layout);
  rmSync(layout.state, { recursive: true, force: true });
  if (!clusterNames.some((name) => existsSync(clusterLayout(name).run))) removeFixedFolders();
}

/** Ends all processes of a cluster and removes what does not outlive them, as a reboot would. */
async function endAll(layout: Layout): Promise<void> {
  await removeCgroups(layout.cgroup);
  await removeNamespaces(layout);
  rmSync(layout.run, { recursive: true, force: true });
}

export type ClusterStatus = {
  readonly name: ClusterName;
  /** `stopped`: it has data, and no process; `partial`: some processes run, or it was never finished. */
  readonly state: "absent" | "stopped" | "partial" | "running";
  readonly running: readonly string[];
};

/** Tells how much of a local cluster is there, without asking it. */
export function clusterStatus(name: ClusterName): ClusterStatus {
  const layout = clusterLayout(name);
  const running = daemonNames.filter((daemon) => runningPid(layout, daemon) !== undefined);
  const finished = existsSync(completeMark(layout));
  const remains = [layout.state, layout.run, layout.netnsFile].some((path) => existsSync(path));
  if (finished && running.length === daemonNames.length) return { name, state: "running", running };
  if (finished && running.length === 0) return { name, state: "stopped", running };
  return { name, state: remains ? "partial" : "absent", running };
}

function describe(layout: Layout, kubeconfigFile: string): LocalCluster {
  const { name, context, nodeAddress, nodeName, hostAddress, netns, containerdSocket, logs } = layout;
  return {
    name,
    context,
    kubeconfig: kubeconfigFile,
    nodeAddress,
    nodeName,
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

function withClusterLock<T>(layout: Layout, progress: Progress, work: () => Promise<T>): Promise<T> {
  return withLock(join(runFolder, `${layout.name}.lock`), `the local cluster ${layout.name}`, progress, work);
}

function requireRoot(): void {
  if (process.platform === "linux" && process.getuid?.() === 0) return;
  throw new Error(
    `local cluster: found user ${process.getuid?.()} on ${process.platform}, wanted root on Linux; or name a cluster that you have: --context NAME`,
  );
}
