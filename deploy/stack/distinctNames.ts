import type { Manifest } from "./manifest.ts";

type Named = { readonly group: string; readonly kind: string; readonly name: string; readonly namespace: string };

/**
 * Throws if two objects are the same one to Kubernetes, which would treat the later as a change of the first.
 *
 * Objects that Kubernetes or kubectl makes in the namespace count too.
 */
export function requireDistinctNames(objects: readonly Manifest[]): void {
  const known = new Set<string>();
  const twice = new Set<string>();
  for (const object of objects.flatMap((object) => [...ownOf(object), ...madeFor(object)])) {
    const id = textOf(object);
    if (known.has(id)) twice.add(id);
    known.add(id);
  }
  if (twice.size === 0) return;
  const found = [...twice].map((id) => `  found two of: ${id}`).join("\n");
  throw new Error(`the stack's objects: wanted a name of its own for each; nothing was changed\n${found}`);
}

function ownOf({ apiVersion, kind, metadata: { name, namespace = "" } }: Manifest): Named[] {
  return [{ group: apiVersion.split("/").slice(0, -1).join(), kind, name, namespace }];
}

/** The objects that are made for an object, if their names are known in advance. */
function madeFor({ kind, metadata: { name, namespace = "" }, spec }: Manifest): Named[] {
  const core = (kind: string, name: string, at = namespace) => ({ group: "", kind, name, namespace: at });
  if (kind === "Namespace") {
    return [
      core("ConfigMap", "kube-root-ca.crt", name),
      core("ServiceAccount", "default", name),
      // kubectl stores the set of applied objects in it.
      core("Secret", "remote-signer-cloud", name),
    ];
  }
  if (kind !== "StatefulSet") return [];
  const { replicas = 1, volumeClaimTemplates = [] } = spec as { replicas?: number; volumeClaimTemplates?: Manifest[] };
  return Array.from({ length: replicas }).flatMap((_, i) => [
    core("Pod", `${name}-${i}`),
    ...volumeClaimTemplates.map(({ metadata }) => core("PersistentVolumeClaim", `${metadata.name}-${name}-${i}`)),
  ]);
}

function textOf({ group, kind, name, namespace }: Named): string {
  return `${kind}${group && ` (${group})`} ${name}${namespace && ` in namespace ${namespace}`}`;
}
