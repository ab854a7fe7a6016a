import { setTimeout as sleep } from "node:timers/promises";
import { replicaNames } from "../../infra/names/replicaNames.ts";
import { clusterStatus } from "../../local/cluster/localCluster.ts";
import { readJson } from "../../local/machine/json.ts";
import { answersOf, forwarderProgram, linesOf } from "../cluster/forwarderPod.ts";
import { type ClusterAddress, type Kubectl, requireOwnNamespace } from "../cluster/kubectl.ts";
import type { Manifest } from "../stack/manifest.ts";
import type { LocalClusterOfStack } from "../stack/stack.ts";

/**
 * The state of a cluster.
 *
 * - `answers`: it works.
 * - `failing`: it answers with errors.
 * - `silent`: nothing answers at its address.
 * - `stopped`: it is this machine's own, with its data but without its processes.
 * - `absent`: it does not exist.
 */
export type ClusterState = "answers" | "failing" | "silent" | "stopped" | "absent";

/** A volume claim of the single pod of a StatefulSet. */
export type Claim = { readonly name: string; readonly owner: string };

/** The remains of a stack in its cluster. */
export type Remains = {
  readonly cluster: ClusterState;
  /** kubectl's error, if the cluster does not answer properly. */
  readonly said?: string;
  /** The stack's objects that are missing in the cluster, as `Kind name`. Unless it answers, all of them. */
  readonly missing: readonly string[];
  /** The number of all objects of the stack. */
  readonly wanted: number;
  /** The volume claims that are gone, with the StatefulSet of each. */
  readonly lostClaims: readonly Claim[];
  /** The signers with a tunnel. Unknown if the forwarder does not run. */
  readonly connected?: readonly string[];
};

/**
 * Finds out what is left of a stack, without changing anything.
 *
 * A missing `kubectl` means that the cluster's address is unknown. Throws if the cluster denies access, or if its
 * namespace is not ours.
 */
export async function examine(
  kubectl: Kubectl | undefined,
  namespace: string,
  objects: readonly Manifest[],
  local?: LocalClusterOfStack,
): Promise<Remains> {
  const claims = claimsOf(objects);
  const names = objects.map(nameOf);
  const lost = { missing: names, wanted: names.length, lostClaims: claims };
  const { state, running = [] } = local ? clusterStatus(local.name) : {};
  if (state === "absent" || !kubectl) return { cluster: "absent", ...lost };
  if (state === "stopped") return { cluster: state, ...lost, lostClaims: [] };
  // Its network may be gone as well. Then whatever the machine's default route leads to would be asked, and may answer.
  if (state === "partial" && !running.includes("kube-apiserver")) return { cluster: "silent", ...lost };
  const { cluster, said } = await probe(kubectl);
  if (cluster !== "answers") return { cluster, ...(said && { said }), ...lost };
  await requireOwnNamespace(kubectl, namespace);
  // A stack that only makes a cluster has no objects, and kubectl rejects an empty list.
  if (names.length === 0) return { cluster, ...lost, connected: [] };
  const present = new Set(
    await namesOf(kubectl, ["--filename", "-"], JSON.stringify({ apiVersion: "v1", kind: "List", items: objects })),
  );
  const presentClaims = await namesOf(kubectl, ["persistentvolumeclaims", "--namespace", namespace]);
  const missing = names.filter((name) => !present.has(name));
  const replicas = replicasIn(objects.filter((object) => !missing.includes(nameOf(object))));
  const connected = await connectedSigners(kubectl, namespace, replicas).catch(() => undefined);
  return {
    cluster,
    missing,
    wanted: names.length,
    lostClaims: claims.filter(({ name }) => !presentClaims.includes(`PersistentVolumeClaim ${name}`)),
    ...(connected && { connected }),
  };
}

/** Asks a cluster for its state. Throws if it denies access, which is not a disaster and cannot be repaired here. */
async function probe(kubectl: Kubectl): Promise<{ cluster: ClusterState; said?: string }> {
  try {
    await kubectl(["get", "--raw", "/readyz", "--request-timeout=10s"]);
    await kubectl(["get", "namespace", "kube-system", "--output", "name", "--request-timeout=10s"]);
    return { cluster: "answers" };
  } catch (error) {
    const said = (error as Error).message;
    const cluster = stateIn(said);
    if (cluster === "refuses")
      throw new Error(`the cluster refuses us, so it can't be looked at; nothing was changed\n${said}`);
    return { cluster, said };
  }
}

/** The state of a cluster, from the error with which kubectl failed. */
export function stateIn(said: string): ClusterState | "refuses" {
  if (/context "?.*"? (does not exist|was not found)|no context exists|stat .*: no such file/i.test(said))
    return "absent";
  if (/Unauthorized|must be logged in|forbidden|x509:|executable .* not found|getting credentials/i.test(said))
    return "refuses";
  if (
    /refused|no such host|timeout|timed out|no route to host|unreachable|deadline exceeded|\bEOF\b|connection reset/i.test(
      said,
    )
  ) {
    // An API server without its store reports that itself. If the server is silent, the text is kubectl's own.
    return /Error from server|\[-\]|etcdserver/.test(said) ? "failing" : "silent";
  }
  return "failing";
}

/** The names of the signers that have a tunnel at one of the forwarder's replicas. Throws if none of these answers. */
export async function connectedSigners(
  kubectl: Kubectl,
  namespace: string,
  replicas: readonly string[],
): Promise<string[]> {
  const ask = (replica: string) =>
    kubectl(["exec", `deployment/${replica}`, "--namespace", namespace, "--", forwarderProgram, "connected"]);
  const answers = await answersOf(replicas.map(ask));
  return [...new Set(answers.flatMap((text = "") => linesOf(text)))].sort();
}

/** The names of the forwarder's replicas among the objects of a stack. */
export function replicasIn(objects: readonly Manifest[]): string[] {
  const names: readonly string[] = replicaNames;
  return objects.flatMap(({ kind, metadata: { name } }) => (kind === "Deployment" && names.includes(name) ? name : []));
}

/** The claims that the StatefulSets among the objects make, each for its single pod. */
export function claimsOf(objects: readonly Manifest[]): Claim[] {
  return objects.flatMap(({ kind, metadata: { name: owner }, spec }) => {
    const templates = (spec as { volumeClaimTemplates?: Manifest[] } | undefined)?.volumeClaimTemplates ?? [];
    return kind === "StatefulSet"
      ? templates.map(({ metadata }) => ({ name: `${metadata.name}-${owner}-0`, owner }))
      : [];
  });
}

/** Waits until these signers have a tunnel, for at most `seconds`. Returns those that have none. */
export async function awaitSigners(
  connected: () => Promise<readonly string[]>,
  names: readonly string[],
  seconds: number,
): Promise<string[]> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const present = await connected().catch((): string[] => []);
    const missing = names.filter((name) => !present.includes(name));
    if (missing.length === 0 || Date.now() > deadline) return missing;
    await sleep(300);
  }
}

function nameOf({ kind, metadata }: Manifest): string {
  return `${kind} ${metadata.name}`;
}

async function namesOf(kubectl: Kubectl, words: string[], input?: string): Promise<string[]> {
  const text = await kubectl(["get", ...words, "--ignore-not-found", "--output", "json"], input);
  if (text.trim() === "") return [];
  const object = readJson(text, "kubectl get") as Manifest & { items?: Manifest[] };
  return (object.items ?? [object]).map(nameOf);
}

/** A cluster's address as text, for a person. */
export function addressText({ kubeconfig, context }: ClusterAddress): string {
  return `${context ? `context ${context}` : "the current context"}${kubeconfig ? ` of ${kubeconfig}` : ""}`;
}
