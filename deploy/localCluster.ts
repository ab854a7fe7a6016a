import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { octezStandIn } from "../e2e/octez/image.ts";
import { clusterStatus, clusterUp } from "../local/cluster.ts";
import { ensureImage, fullName, type Image, loadImage } from "../local/images.ts";
import { ensureTools } from "../local/tools.ts";
import { readChart } from "./chart.ts";
import { progress, root } from "./command.ts";
import { kubectlFor } from "./kubectl.ts";
import type { LocalClusterOfStack } from "./stack.ts";

/** Makes the local cluster run, with the images of this checkout in it; says whether it had no data before. */
export async function ensureLocalCluster({ name, kubeconfig }: LocalClusterOfStack): Promise<"fresh" | "kept"> {
  const { state } = clusterStatus(name);
  const cluster = await clusterUp({ name, kubeconfig, progress });
  await linkKubectl();
  const changed: string[] = [];
  for (const image of [await forwarderImage(), await octezStandInImage()]) {
    if (await loadImage(cluster, image, progress)) changed.push(image.tag);
  }
  if (changed.length > 0) await replacePods(kubeconfig, changed);
  return state === "absent" ? "fresh" : "kept";
}

/** Puts the pinned kubectl where its user finds it: the commands in the outputs need one. */
async function linkKubectl(): Promise<void> {
  const { kubectl } = await ensureTools(["kubectl"], progress);
  const link = resolve(root, ".local/bin/kubectl");
  mkdirSync(dirname(link), { recursive: true });
  rmSync(link, { force: true });
  symlinkSync(kubectl, link);
}

/** The forwarder's image, under the name that its chart asks for. */
function forwarderImage(): Promise<Image> {
  const { repository, appVersion } = readChart("signer-forwarder");
  return ensureImage(resolve(root, "signer-forwarder"), `${repository}:${appVersion}`, progress);
}

/** The stand-in for the Octez image, which a machine without registries can't have. */
function octezStandInImage(): Promise<Image> {
  const { context, extra, tag } = octezStandIn;
  const sources = Object.entries(extra).map(([path, source]) => [path, resolve(root, source)]);
  return ensureImage(resolve(root, context), tag, progress, Object.fromEntries(sources));
}

type Pod = { metadata: { name: string; namespace: string }; spec: { containers: { image: string }[] } };

/** Replaces the pods that run an image whose content has changed under its tag. */
async function replacePods(kubeconfig: string, images: readonly string[]): Promise<void> {
  const { kubectl: binary } = await ensureTools(["kubectl"], progress);
  const kubectl = kubectlFor(binary, { kubeconfig });
  const pods = await kubectl(["get", "pods", "--all-namespaces", "--output", "json"]);
  for (const { metadata, spec } of (JSON.parse(pods) as { items: Pod[] }).items) {
    if (!spec.containers.some(({ image }) => images.includes(fullName(image)))) continue;
    progress(`replacing pod ${metadata.name} of ${metadata.namespace}, whose image has changed`);
    await kubectl(["delete", "pod", "--wait=false", "--namespace", metadata.namespace, metadata.name]);
  }
}
