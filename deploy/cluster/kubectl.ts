import { run } from "../../local/machine/run.ts";
import { isNamespace, type Manifest } from "../stack/manifest.ts";
import type { ProgramRun } from "../stack/runProgram.ts";
import { appliedAnnotation, applySet, areObjects, digestOf, listObjects } from "./appliedObjects.ts";

/** Runs kubectl against one cluster. Input goes to its stdin, so that no secret is in an argument or a file. */
export type Kubectl = (words: string[], input?: string) => Promise<string>;

/** A cluster's address: a context of a kubeconfig. Default: kubectl's own. */
export type ClusterAddress = { readonly kubeconfig?: string; readonly context?: string };

/** The cluster of the program's Kubernetes provider. */
export function clusterOf({ resources }: ProgramRun): ClusterAddress {
  return (resources.find(({ type }) => type === "pulumi:providers:kubernetes")?.inputs ?? {}) as ClusterAddress;
}

/** kubectl's options that select a cluster. */
export function clusterOptions({ kubeconfig, context }: ClusterAddress): string[] {
  return [...(kubeconfig ? ["--kubeconfig", kubeconfig] : []), ...(context ? ["--context", context] : [])];
}

/** Makes a kubectl for one cluster. */
export function kubectlFor(binary: string, address: ClusterAddress): Kubectl {
  const target = clusterOptions(address);
  // kubectl requires this for --applyset until that is stable.
  const env = { ...process.env, KUBECTL_APPLYSET: "true" };
  return (words, input = "") => run(binary, [...target, ...words], { env, input });
}

/**
 * Throws if the namespace exists and is not ours, because `down` would remove everything in it.
 *
 * The program labels the namespaces that it makes, with or without the CLI. Returns the namespace if it exists.
 */
export async function requireOwnNamespace(kubectl: Kubectl, name: string): Promise<Manifest | undefined> {
  const label = "app.kubernetes.io/part-of";
  const text = await kubectl(["get", "namespace", name, "--ignore-not-found", "--output", "json"]);
  if (text === "") return undefined;
  const namespace = JSON.parse(text) as Manifest;
  if (namespace.metadata.labels?.[label] === applySet) return namespace;
  throw new Error(
    `namespace ${name}: found one that is somebody else's (no label ${label}: remote-signer-cloud), wanted none of that name; nothing was changed`,
  );
}

/**
 * Throws if a stack that only makes a cluster still has objects.
 *
 * Only `down` removes a whole stack.
 */
export async function requireNoObjects(kubectl: Kubectl, namespace: string): Promise<void> {
  await requireOwnNamespace(kubectl, namespace);
  if ((await kubectl(["get", "namespace", namespace, "--ignore-not-found", "--output", "name"])) === "") return;
  throw new Error(`namespace ${namespace}: found a forwarder that the config no longer has, wanted npm run down first`);
}

/**
 * Applies a stack's objects, and removes those that it no longer has. A Deployment whose turn comes later changes once the
 * others run what was applied.
 *
 * Does nothing if that would change nothing: to list objects takes 2 ms for each, to apply them 8 ms.
 */
export async function apply(kubectl: Kubectl, objects: Manifest[]): Promise<void> {
  const serverSide = [
    "--server-side",
    "--force-conflicts",
    "--field-manager",
    "remote-signer-cloud",
    "--filename",
    "-",
  ];
  const namespace = namespaceOf(objects);
  const { name } = namespace.metadata;
  const rest = objects.filter((object) => !isNamespace(object));
  const digest = digestOf(objects);
  const found = await requireOwnNamespace(kubectl, name);
  if (found?.metadata.annotations?.[appliedAnnotation] === digest) {
    const { items } = JSON.parse(await kubectl(listObjects(name, rest))) as { items: Manifest[] };
    if (areObjects(items, rest)) return;
  }
  // This also removes the annotation, so that an `up` that is cut off is not the last one to the next.
  await kubectl(["apply", ...serverSide], list([namespace]));
  const applyAll = (all: Manifest[]) =>
    kubectl(["apply", ...serverSide, "--namespace", name, "--prune", "--applyset", applySet], list(all));
  const { later, others } = byTurn(rest);
  if (later.length > 0) {
    // What is paused keeps its pods as they are.
    await applyAll([...others, ...later.map(paused)]);
    await waitForDeployments(kubectl, others);
  }
  await applyAll(rest);
  const annotations = { ...namespace.metadata.annotations, [appliedAnnotation]: digest };
  const applied = { ...namespace, metadata: { ...namespace.metadata, annotations } };
  await kubectl(["apply", ...serverSide], list([applied]));
}

/**
 * Removes a stack's cluster-wide objects: the pods' priorities, and a part of the bakers' backups.
 *
 * A label names their stack.
 */
export async function removeFromCluster(kubectl: Kubectl, stack: string): Promise<void> {
  const kinds = [
    "clusterroles",
    "clusterrolebindings",
    "priorityclasses",
    "validatingadmissionpolicies",
    "validatingadmissionpolicybindings",
  ];
  await kubectl(["delete", kinds.join(), "--selector", `remote-signer-cloud/stack=${stack}`, "--ignore-not-found"]);
}

/** Waits until the stack's Deployments run what was applied. Throws with the pods' status and logs. */
export async function waitForDeployments(kubectl: Kubectl, objects: Manifest[]): Promise<void> {
  for (const { metadata } of objects.filter(({ kind }) => kind === "Deployment")) {
    const inNamespace = ["--namespace", String(metadata.namespace)];
    try {
      await kubectl(["rollout", "status", `deployment/${metadata.name}`, "--timeout=180s", ...inNamespace]);
    } catch (error) {
      const pods = await kubectl(["get", "pods", ...inNamespace]).catch(() => "");
      const logs = await kubectl([
        "logs",
        `deployment/${metadata.name}`,
        "--all-containers",
        "--tail=5",
        ...inNamespace,
      ]);
      throw new Error(`deployment/${metadata.name} is not ready: ${(error as Error).message}\n${pods}${logs}`);
    }
  }
}

/** The annotation by which `pulumi up` knows that an object's turn comes after another's. */
const turn = "config.kubernetes.io/depends-on";

/** The Deployments whose turn comes once the others run what was applied, and all other objects. */
function byTurn(objects: readonly Manifest[]): { later: Manifest[]; others: Manifest[] } {
  const isLater = ({ kind, metadata }: Manifest) => kind === "Deployment" && metadata.annotations?.[turn] !== undefined;
  return { later: objects.filter(isLater), others: objects.filter((object) => !isLater(object)) };
}

function paused(deployment: Manifest): Manifest {
  return { ...deployment, spec: { ...(deployment.spec as object), paused: true } };
}

/** The stack's namespace. */
function namespaceOf(objects: Manifest[]): Manifest {
  const namespace = objects.find(isNamespace);
  if (!namespace) throw new Error("the program made no Namespace");
  return namespace;
}

function list(items: Manifest[]): string {
  return JSON.stringify({ apiVersion: "v1", kind: "List", items });
}
