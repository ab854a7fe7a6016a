import { setTimeout as sleep } from "node:timers/promises";
import { clusterStatus } from "../../local/cluster/localCluster.ts";
import { readJson } from "../../local/machine/json.ts";
import { type ClusterAddress, type Kubectl, requireOwnNamespace } from "../cluster/kubectl.ts";
import type { Manifest } from "../stack/manifest.ts";
import type { LocalClusterOfStack } from "../stack/stack.ts";

/**
 * How a cluster is: `answers`; `failing`, it answers with errors; `silent`, nothing answers at its address; `stopped`,
 * this machine's own, with its data but without its processes; `absent`, there is none.
 */
export type ClusterState = "answers" | "failing" | "silent" | "stopped" | "absent";

const forwarder = "Deployment signer-forwarder";

/** A volume claim of a StatefulSet's one pod. */
export type Claim = { readonly name: string; readonly owner: string };

/** What a look at a stack's cluster found. */
export type Remains = {
  readonly cluster: ClusterState;
  /** What kubectl said, where the cluster does not answer well. */
  readonly said?: string;
  /** Objects of the stack that the cluster does not have, as `Kind name`; all of them, unless it answers. */
  readonly missing: readonly string[];
  /** How many objects the stack has in all. */
  readonly wanted: number;
  /** The volume claims that are gone, with the StatefulSet of each. */
  readonly lostClaims: readonly Claim[];
  /** The signers with a tunnel; unknown where the forwarder does not run. */
  readonly connected?: readonly string[];
};

/**
 * Looks at what is left of a stack, and changes nothing; without a kubectl nobody knows where its cluster is.
 *
 * Throws if the cluster refuses us, or its namespace is somebody else's.
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
  const state = local && clusterStatus(local.name).state;
  if (state === "absent" || !kubectl) return { cluster: "absent", ...lost };
  if (state === "stopped") return { cluster: state, ...lost, lostClaims: [] };
  const { cluster, said } = await probe(kubectl);
  if (cluster !== "answers") return { cluster, ...(said && { said }), ...lost };
  await requireOwnNamespace(kubectl, namespace);
  // A stack that only makes a cluster has no object, and kubectl takes an empty list for a mistake.
  if (names.length === 0) return { cluster, ...lost, connected: [] };
  const present = new Set(
    await namesOf(kubectl, ["--filename", "-"], JSON.stringify({ apiVersion: "v1", kind: "List", items: objects })),
  );
  const presentClaims = await namesOf(kubectl, ["persistentvolumeclaims", "--namespace", namespace]);
  const missing = names.filter((name) => !present.has(name));
  const runs = !missing.includes(forwarder);
  const connected = runs ? await connectedSigners(kubectl, namespace).catch(() => undefined) : undefined;
  return {
    cluster,
    missing,
    wanted: names.length,
    lostClaims: claims.filter(({ name }) => !presentClaims.includes(`PersistentVolumeClaim ${name}`)),
    ...(connected && { connected }),
  };
}

/** Asks a cluster how it is. Throws if it refuses us: that is no disaster, and not to be mended here. */
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

/** How a cluster is that made kubectl fail with these words. */
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
    // An API server whose store is gone says so itself; a silent one says nothing, and these are kubectl's own words.
    return /Error from server|\[-\]|etcdserver/.test(said) ? "failing" : "silent";
  }
  return "failing";
}

/** The names of the signers that have a tunnel, as the forwarder's listener knows them. */
export async function connectedSigners(kubectl: Kubectl, namespace: string): Promise<string[]> {
  const words = ["exec", "deployment/signer-forwarder", "--container", "sshd", "--namespace", namespace, "--"];
  const text = await kubectl([...words, "/usr/local/lib/signer-forwarder/listener", "connected"]);
  return [...new Set(text.split("\n").filter((name) => name !== ""))].sort();
}

/** The claims that the StatefulSets among the objects make for their one pod. */
export function claimsOf(objects: readonly Manifest[]): Claim[] {
  return objects.flatMap(({ kind, metadata: { name: owner }, spec }) => {
    const templates = (spec as { volumeClaimTemplates?: Manifest[] } | undefined)?.volumeClaimTemplates ?? [];
    return kind === "StatefulSet"
      ? templates.map(({ metadata }) => ({ name: `${metadata.name}-${owner}-0`, owner }))
      : [];
  });
}

/** Waits until these signers have a tunnel, or the seconds are over; gives those that have none. */
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

/** kubectl's address of a cluster in words, for a person. */
export function addressText({ kubeconfig, context }: ClusterAddress): string {
  return `${context ? `context ${context}` : "the current context"}${kubeconfig ? ` of ${kubeconfig}` : ""}`;
}
