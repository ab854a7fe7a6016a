import { createHash } from "node:crypto";
import type { Manifest } from "../stack/manifest.ts";

/** The name of the set of a stack's objects. kubectl keeps it in the stack's namespace. A label has this value too. */
export const applySet = "remote-signer-cloud";

/** The annotation of a stack's namespace that says which objects were applied last. It is absent while they are. */
export const appliedAnnotation = "remote-signer-cloud/applied";

/** Tells two lists of objects apart. */
export function digestOf(objects: readonly Manifest[]): string {
  return createHash("sha256").update(JSON.stringify(objects)).digest("hex");
}

/** kubectl's words that list all objects of a stack. They are those of `objects` if nothing has changed. */
export function listObjects(namespace: string, objects: readonly Manifest[]): string[] {
  const kinds = [...new Set(objects.map(fullKind))].join();
  const members = ["--selector", `applyset.kubernetes.io/part-of=${applySetId(namespace)}`];
  return ["get", kinds, "--namespace", namespace, ...members, "--output", "json"];
}

/**
 * Whether a cluster's objects are exactly these, with every value that these name.
 *
 * If these were also the last that were applied, applying them again would change nothing.
 */
export function areObjects(live: readonly Manifest[], objects: readonly Manifest[]): boolean {
  const byIdentity = new Map(live.map((object) => [identity(object), object]));
  return live.length === objects.length && objects.every((object) => covers(byIdentity.get(identity(object)), object));
}

/** A kind as kubectl takes it without asking which of its groups is meant: `Deployment.v1.apps`. */
function fullKind({ apiVersion, kind }: Manifest): string {
  const [version, group = ""] = apiVersion.split("/").reverse();
  return `${kind}.${version}.${group}`;
}

function identity({ apiVersion, kind, metadata: { name } }: Manifest): string {
  return `${apiVersion} ${kind} ${name}`;
}

/** https://kubernetes.io/docs/reference/labels-annotations-taints/#applyset-kubernetes-io-id */
function applySetId(namespace: string): string {
  const hash = createHash("sha256").update(`${applySet}.${namespace}.Secret.`).digest("base64url");
  return `applyset-${hash}-v1`;
}

/** Whether a live value has all that a wanted one has. Defaults, and what others have added, are in the live one alone. */
function covers(live: unknown, wanted: unknown): boolean {
  if (wanted === null || typeof wanted !== "object") return live === wanted;
  if (live === null || typeof live !== "object") return false;
  if (Array.isArray(wanted) !== Array.isArray(live)) return false;
  // Of a list that has grown nobody can say here which entries are whose.
  if (Array.isArray(live) && live.length !== (wanted as unknown[]).length) return false;
  return Object.entries(wanted).every(([key, value]) => covers((live as Record<string, unknown>)[key], value));
}
