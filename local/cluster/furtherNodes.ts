import { existsSync, rmSync } from "node:fs";
import { removeCgroups } from "./cgroups.ts";
import type { Api, KubernetesObject } from "./clusterApi.ts";
import type { ClusterStart } from "./clusterDaemon.ts";
import { VolumeUse } from "./csi/volumeUse.ts";
import { type Layout, mostNodes, nodeLayouts } from "./layout.ts";
import { makeNamespaces, namespacesExist, removeNamespaces } from "./namespaces.ts";
import { type NodePrograms, nodeDaemons } from "./nodeDaemons.ts";
import { linkNodes } from "./nodeLinks.ts";
import { ensureNodePki } from "./pki.ts";
import { podsOfNode, podsRenewed } from "./readiness.ts";
import { startDaemons } from "./startDaemons.ts";

/** Throws if a cluster cannot have so many nodes. */
export function requireNumberOfNodes(count: number): void {
  if (Number.isInteger(count) && count >= 1 && count <= mostNodes) return;
  throw new Error(`local cluster: found nodes: ${count}, wanted 1 to ${mostNodes}`);
}

/**
 * Makes the nodes of a cluster from the second to `count` run and serve, and removes those beyond.
 *
 * Call it once the API server serves. `pki` is what `ensurePki` returned.
 */
export async function ensureFurtherNodes(
  cluster: Layout,
  count: number,
  programs: NodePrograms,
  run: ClusterStart,
  pki: string,
): Promise<void> {
  for (const node of nodeLayouts(cluster, count + 1)) await removeNode(node, run);
  const nodes = nodeLayouts(cluster, 2, count);
  const isNew = await Promise.all(nodes.map((node) => ensureNamespaces(node)));
  const all = nodeLayouts(cluster, 1, count);
  for (const [index, node] of all.entries()) {
    for (const other of all.slice(index + 1)) await linkNodes(node, other);
  }
  await Promise.all(
    nodes.map(async (node, index) => {
      await ensureNodePki(cluster, node, pki);
      await Promise.all(startDaemons(node, nodeDaemons(node, programs), run, pki).values());
      if (isNew[index]) await podsRenewed(node, run.api, run.since);
    }),
  );
  if (count > 1) await Promise.all(all.map((node, index) => setZone(node, `zone-${index + 1}`, run.api)));
}

/** Makes a node's namespaces unless it has them, and ends what is left of a node without them. Returns whether it did. */
async function ensureNamespaces(node: Layout): Promise<boolean> {
  if (namespacesExist(node)) return false;
  await endNode(node);
  await makeNamespaces(node);
  return true;
}

/** Ends all processes of a further node, its pods included, at once and without a word, as a power failure would. */
export async function endNode(node: Layout): Promise<void> {
  await removeCgroups(node.cgroup);
  await removeNamespaces(node);
  new VolumeUse(node.volumeUse).forget(node.nodeName);
  rmSync(node.run, { recursive: true, force: true });
}

/** Removes a further node with its pods. Kubernetes makes those again on another node that something wants to be there. */
async function removeNode(node: Layout, { api, progress }: ClusterStart): Promise<void> {
  if (![node.state, node.run, node.netnsFile].some((path) => existsSync(path))) return;
  progress(`removing node ${node.nodeName} of the local cluster ${node.name}`);
  await endNode(node);
  const pods = ((await api.read(podsOfNode(node)))?.items ?? []) as KubernetesObject[];
  for (const { metadata } of pods) {
    await api.remove(`/api/v1/namespaces/${metadata.namespace}/pods/${metadata.name}?gracePeriodSeconds=0`);
  }
  await api.remove(`/api/v1/nodes/${node.nodeName}`);
  rmSync(node.state, { recursive: true, force: true });
}

/** Gives a node the label of a zone, which it has alone. */
async function setZone({ nodeName }: Layout, zone: string, api: Api): Promise<void> {
  const labels = { "topology.kubernetes.io/zone": zone };
  await api.apply(`/api/v1/nodes/${nodeName}`, {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: nodeName, labels },
  });
}
