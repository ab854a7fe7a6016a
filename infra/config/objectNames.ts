import { bakerRelease } from "../names/releaseNames.ts";
import { type Problem, show } from "./configError.ts";

type Entry = Record<string, unknown>;

/** An object of a stack, or one that Kubernetes makes for it, and the name in the config that its name comes from, if one does. */
export type NamedObject = { readonly kind: string; readonly name: string; readonly from?: ChosenName };
type ChosenName = { readonly path: string; readonly name: string };

/**
 * Every object of a stack that has a name that can be known, by the config as it was written. No name of one stack is another's:
 * an object is in its stack's namespace, or its name begins with that and a dot, which no name of ours has in it.
 */
export function objectNames(stack: string, input: Entry): NamedObject[] {
  return [
    ...forwarderObjects(stack, input),
    ...named(input.signers, "signers").map(({ from }) => ({ kind: "Service", name: `signer-${from.name}`, from })),
    ...named(input.bakers, "bakers").flatMap(({ from, entry }) =>
      bakerObjects(stack, bakerRelease(from.name), entry).map((object) => ({ ...object, from })),
    ),
  ];
}

function forwarderObjects(stack: string, { monitoring }: Entry): NamedObject[] {
  const { kind } = (monitoring ?? {}) as Entry;
  const name = "signer-forwarder";
  const kinds = ["ConfigMap", "Deployment", "NetworkPolicy", "PodDisruptionBudget", "Service"];
  return [
    { kind: "Namespace", name: stack },
    { kind: "Secret", name: `${name}-host-key` },
    ...kinds.map((kind) => ({ kind, name })),
    { kind: "PriorityClass", name: `${stack}.${name}` },
    ...(typeof kind === "string" && kind !== "none" ? [{ kind, name }] : []),
    ...(kind === "ServiceMonitor" ? [{ kind: "Service", name: `${name}-metrics` }] : []),
  ];
}

function bakerObjects(stack: string, name: string, { backup }: Entry): NamedObject[] {
  const of = (name: string, ...kinds: string[]) => kinds.map((kind) => ({ kind, name }));
  return [
    ...of(name, "NetworkPolicy", "PodDisruptionBudget", "StatefulSet"),
    ...of(`${name}-wallet`, "ConfigMap"),
    ...of(`${stack}.${name}`, "PriorityClass"),
    ...of(`${name}-0`, "Pod"),
    ...["client", "data"].flatMap((volume) => of(`${volume}-${name}-0`, "PersistentVolumeClaim")),
    ...(backup === undefined
      ? []
      : [
          ...of(name, "CronJob"),
          ...of(`${name}-backup`, "Role", "RoleBinding", "ServiceAccount"),
          ...of(`${stack}.${name}-backup`, "ClusterRole", "ClusterRoleBinding"),
          ...of(`${stack}.${name}-backup`, "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"),
          ...of(`${stack}.${name}`, "VolumeSnapshotClass"),
        ]),
  ];
}

/** The names that would give two objects of the stack one name. That two signers or two bakers have one is another problem. */
export function problemsOfObjectNames(input: Entry): Problem[] {
  const first = new Map<string, NamedObject>();
  const problems = new Map<string, Problem>();
  // The stack's name is in front of each of the cluster's objects, so whether two are one does not depend on it.
  for (const object of objectNames("stack", input)) {
    const { kind, name, from } = object;
    const before = first.get(`${kind} ${name}`);
    if (!before) first.set(`${kind} ${name}`, object);
    else if (from && !problems.has(from.path)) {
      const wanted = `another name: ${before.from ? `that of ${before.from.path}` : "the forwarder"} makes one as well`;
      problems.set(from.path, { path: from.path, found: `${show(from.name)}, which makes a ${kind} ${name}`, wanted });
    }
  }
  return [...problems.values()];
}

/** The entries of a list that have a name, the first of each. */
function named(value: unknown, list: string): { from: ChosenName; entry: Entry }[] {
  const names = new Set<string>();
  return (Array.isArray(value) ? value : []).flatMap((entry: Entry | null, i) => {
    const name = entry?.name;
    if (typeof name !== "string" || names.has(name)) return [];
    names.add(name);
    return [{ from: { path: `${list}[${i}].name`, name }, entry: entry as Entry }];
  });
}
