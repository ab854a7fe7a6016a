import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { clusterStatus, clusterUp } from "../../local/cluster/localCluster.ts";
import { fullName, loadImage } from "../../local/images/images.ts";
import { root } from "../../local/machine/checkout.ts";
import { ensureTools } from "../../local/toolchain/tools.ts";
import { progress } from "../cli/command.ts";
import type { LocalClusterOfStack } from "../stack/stack.ts";
import { kubectlFor } from "./kubectl.ts";
import { forwarderImage, octezStandInImage } from "./ownImages.ts";

/** Starts the local cluster, with this checkout's images in it. Returns whether it is new or has kept its data. */
export async function ensureLocalCluster({ name, kubeconfig, nodes }: LocalClusterOfStack): Promise<"fresh" | "kept"> {
  const { state } = clusterStatus(name);
  const cluster = await clusterUp({ name, kubeconfig, ...(nodes !== undefined && { nodes }), progress });
  await linkKubectl();
  const changed = new Set<string>();
  for (const image of [await forwarderImage(progress), await octezStandInImage(progress)]) {
    const loaded: boolean[] = [];
    for (const node of cluster.nodes) loaded.push(await loadImage(node, image, progress));
    // A node that has just joined lacks it too, and there no pod runs it.
    if (loaded.every(Boolean)) changed.add(image.tag);
  }
  if (changed.size > 0) await replacePods(kubeconfig, [...changed]);
  return state === "absent" ? "fresh" : "kept";
}

/** Links the pinned kubectl to `.local/bin`, for the commands in the outputs. */
async function linkKubectl(): Promise<void> {
  const { kubectl } = await ensureTools(["kubectl"], progress);
  const link = resolve(root, ".local/bin/kubectl");
  mkdirSync(dirname(link), { recursive: true });
  rmSync(link, { force: true });
  symlinkSync(kubectl, link);
}

type Container = { image: string; restartPolicy?: string };
type Pod = {
  metadata: { name: string; namespace: string };
  spec: { containers: Container[]; initContainers?: Container[] };
};

/** Replaces the pods that run an image whose content has changed but whose tag has not. */
async function replacePods(kubeconfig: string, images: readonly string[]): Promise<void> {
  const { kubectl: binary } = await ensureTools(["kubectl"], progress);
  const kubectl = kubectlFor(binary, { kubeconfig });
  const pods = await kubectl(["get", "pods", "--all-namespaces", "--output", "json"]);
  for (const { metadata, spec } of (JSON.parse(pods) as { items: Pod[] }).items) {
    // Of the containers that start before the others, those that stay have a restartPolicy.
    const staying = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === "Always");
    if (![...spec.containers, ...staying].some(({ image }) => images.includes(fullName(image)))) continue;
    progress(`replacing pod ${metadata.name} of ${metadata.namespace}, whose image has changed`);
    await kubectl(["delete", "pod", "--wait=false", "--namespace", metadata.namespace, metadata.name]);
  }
}
