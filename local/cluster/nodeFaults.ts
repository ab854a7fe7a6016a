import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { attempt, run } from "../machine/run.ts";
import { withClusterLock } from "./clusterLock.ts";
import { endNode } from "./furtherNodes.ts";
import { clusterLayout, clusterNames, type Layout, nodeLayouts } from "./layout.ts";
import { runningPid } from "./processes.ts";

/**
 * What may happen to a node of a cloud, done to one of a local cluster: it is cut off, or loses its power.
 *
 * Each function takes a node's name in Kubernetes and may be called again. The next `clusterUp` makes all nodes whole.
 */

/** The chains that drop a cut node's packets, by the chain of the table `mangle` that leads to them. */
const chains = { PREROUTING: "RSC-CUT-IN", POSTROUTING: "RSC-CUT-OUT", INPUT: "RSC-CUT-API" } as const;

/** Notes that a node is cut. It goes with a reboot, as the rules do. */
const mark = (node: Layout): string => join(node.run, "cut");

/**
 * Cuts a node from everything outside of it, without a word: from then on packets vanish on the way in and on the way out.
 * What runs on it goes on, and reaches what else runs on it.
 *
 * The first node also has the control plane, which stays as it is: only what a node without it would do falls silent.
 */
export async function cutNode(name: string): Promise<void> {
  const node = nodeNamed(name);
  if (!existsSync(node.netnsFile)) throw new Error(`node ${name}: found none that runs, wanted one`);
  writeFileSync(mark(node), "");
  await run(...iptables(node, "iptables-restore", "--noflush"), { input: rulesOfCut(isFirst(node)) });
  for (const [hook, chain] of Object.entries(chains)) {
    const { code } = await attempt(...iptables(node, "iptables", "-t", "mangle", "-C", hook, "-j", chain));
    if (code !== 0) await run(...iptables(node, "iptables", "-t", "mangle", "-I", hook, "-j", chain));
  }
  signalKubelet(node, "SIGSTOP");
}

/** Ends what `cutNode` did. */
export async function joinNode(name: string): Promise<void> {
  await joinAgain(nodeNamed(name));
}

/** Ends a cut of a node, if there is one. */
export async function joinAgain(node: Layout): Promise<void> {
  if (!existsSync(mark(node))) return;
  signalKubelet(node, "SIGCONT");
  for (const [hook, chain] of Object.entries(chains)) {
    // An interrupted cut has not all of them.
    for (const words of [
      ["-D", hook, "-j", chain],
      ["-F", chain],
      ["-X", chain],
    ]) {
      await attempt(...iptables(node, "iptables", "-t", "mangle", ...words));
    }
  }
  rmSync(mark(node));
}

/**
 * Ends a node at once with all that runs on it, as a power failure would. Its disks stay: the next `clusterUp` with so many
 * nodes starts it again, with the images and pods that it had.
 *
 * Throws for the first node, which has the control plane.
 */
export async function stopNode(name: string): Promise<void> {
  const node = nodeNamed(name);
  if (isFirst(node)) throw new Error(`node ${name}: found the control plane on it, wanted another node`);
  await withClusterLock(
    node,
    () => {},
    () => endNode(node),
  );
}

/** The rules of a cut, for iptables-restore. They replace those of an earlier cut. */
export function rulesOfCut(hasControlPlane: boolean): string {
  const { PREROUTING: arriving, POSTROUTING: leaving, INPUT: toApi } = chains;
  // The CNI plugin gives each pod's link a name that starts with veth.
  const inside = [`-A ${arriving} -i lo`, `-A ${arriving} -i veth+`, `-A ${leaving} -o lo`, `-A ${leaving} -o veth+`];
  // Others call the API server, and it calls their kubelets, for logs and the like.
  const controlPlane = [
    `-A ${arriving} -p tcp --dport 6443`,
    `-A ${leaving} -p tcp --sport 6443`,
    `-A ${arriving} -p tcp --sport 10250`,
    `-A ${leaving} -p tcp --dport 10250`,
  ];
  return [
    "*mangle",
    ...Object.values(chains).map((chain) => `:${chain} - [0:0]`),
    ...[...inside, ...(hasControlPlane ? controlPlane : [])].map((rule) => `${rule} -j RETURN`),
    `-A ${arriving} -j DROP`,
    `-A ${leaving} -j DROP`,
    ...(hasControlPlane ? [`-A ${toApi} -i veth+ -p tcp --dport 6443 -j DROP`] : []),
    "COMMIT",
    "",
  ].join("\n");
}

/** The layout of the node with a name. Throws with the names that there can be. */
export function nodeNamed(name: string): Layout {
  const all = clusterNames.flatMap((cluster) => nodeLayouts(clusterLayout(cluster), 1));
  const node = all.find(({ nodeName }) => nodeName === name);
  if (node) return node;
  throw new Error(`node: found name ${JSON.stringify(name)}, wanted ${all.map(({ nodeName }) => nodeName).join(", ")}`);
}

function isFirst(node: Layout): boolean {
  return node.nodeAddress === node.apiAddress;
}

/** The kubelet beside the control plane reaches it over loopback, so a cut holds it still. A further one's needs nothing. */
function signalKubelet(node: Layout, signal: "SIGSTOP" | "SIGCONT"): void {
  const pid = isFirst(node) ? runningPid(node, "kubelet") : undefined;
  if (pid !== undefined) process.kill(pid, signal);
}

function iptables(node: Layout, ...command: string[]): [string, string[]] {
  return ["nsenter", [`--net=${node.netnsFile}`, "--", ...command]];
}
