import { bakerRelease } from "../names/releaseNames.ts";
import { replicaNames, routedName } from "../names/replicaNames.ts";
import { type Problem, show } from "./configError.ts";
import { type Entry, entryOf, replicasIn } from "./writtenConfig.ts";

/** An object of a stack, or one that Kubernetes makes for it. `from` is the config's name that its name comes from. */
export type NamedObject = { readonly kind: string; readonly name: string; readonly from?: ChosenName };
type ChosenName = { readonly path: string; readonly name: string };

/**
 * Lists every object of a stack whose name is known in advance, from the config as it was written.
 *
 * Objects of two stacks never collide. An object is in its stack's namespace, or its name starts with the namespace and
 * a dot, and none of our names contain a dot.
 */
export function objectNames(stack: string, input: Entry): NamedObject[] {
  return [
    ...forwarderObjects(stack, input),
    ...named(input.signers, "signers").flatMap(({ from }) =>
      kindsOfSigner(input).map((kind) => ({ kind, name: `signer-${from.name}`, from })),
    ),
    ...named(input.bakers, "bakers").flatMap(({ from, entry }) =>
      bakerObjects(stack, bakerRelease(from.name), entry, input).map((object) => ({ ...object, from })),
    ),
  ];
}

/** The kinds of a signer's own objects. Google's scraper has an object for each host's page. */
function kindsOfSigner({ monitoring }: Entry): string[] {
  return entryOf(monitoring)?.kind === "PodMonitoring" ? ["Service", "PodMonitoring"] : ["Service"];
}

function forwarderObjects(stack: string, config: Entry): NamedObject[] {
  const [name] = replicaNames;
  const kinds = ["ConfigMap", "NetworkPolicy", "PodDisruptionBudget"];
  const replicas = replicaNames.slice(0, replicasIn(config));
  return [
    { kind: "Namespace", name: stack },
    { kind: "Secret", name: `${name}-host-key` },
    ...kinds.map((kind) => ({ kind, name })),
    ...replicas.flatMap((replica, i) => [
      { kind: "Deployment", name: replica },
      { kind: "Service", name: replica },
      { kind: "Service", name: routedName(i) },
    ]),
    { kind: "PriorityClass", name: `${stack}.${name}` },
    ...monitoringObjects(name, entryOf(config.monitoring) ?? {}),
  ];
}

function monitoringObjects(name: string, { alerts, kind }: Entry): NamedObject[] {
  if (typeof kind !== "string" || kind === "none") return [];
  const dashboard = { kind: "ConfigMap", name: `${name}-dashboard` };
  const rules = kind === "PodMonitoring" ? "Rules" : "PrometheusRule";
  return [
    dashboard,
    ...scrapedObjects(name, { kind }),
    ...(alerts === false || kind === "ConfigMap" ? [] : [{ kind: rules, name }]),
  ];
}

/** The objects by which a scraper finds a pod. */
function scrapedObjects(name: string, { kind }: Entry): NamedObject[] {
  if (typeof kind !== "string" || kind === "none") return [];
  if (kind === "ConfigMap") return [{ kind, name: `${name}-prometheus` }];
  return [{ kind, name }, ...(kind === "ServiceMonitor" ? [{ kind: "Service", name: `${name}-metrics` }] : [])];
}

function bakerObjects(stack: string, name: string, baker: Entry, config: Entry): NamedObject[] {
  const { backup, dal, p2p } = baker;
  const of = (name: string, ...kinds: string[]) => kinds.map((kind) => ({ kind, name }));
  return [
    ...of(name, "NetworkPolicy", "PodDisruptionBudget", "StatefulSet"),
    ...of(`${name}-wallet`, "ConfigMap"),
    ...of(`${name}-votes`, "ConfigMap"),
    ...of(`${name}-router`, "ConfigMap"),
    ...(config.authenticationSeed === undefined ? [] : of(`${name}-authentication`, "Secret")),
    ...(dal === false ? [] : of(`${name}-dal`, "PersistentVolumeClaim")),
    ...(entryOf(dal)?.endpoint === undefined
      ? []
      : [...of(`${name}-dal-address`, "ConfigMap"), ...of(`${name}-dal`, "Service")]),
    ...(p2p === undefined ? [] : of(`${name}-p2p`, "Service")),
    ...scrapedObjects(name, entryOf(config.monitoring) ?? {}),
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

/** Finds names that would give two objects of the stack the same name. Another check finds equal signers and bakers. */
export function problemsOfObjectNames(input: Entry): Problem[] {
  const first = new Map<string, NamedObject>();
  const problems = new Map<string, Problem>();
  // All cluster-wide objects' names start with the stack's, so the stack's name does not decide whether two are equal.
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

/** The entries of a list that have a name, the first for each name. */
function named(value: unknown, list: string): { from: ChosenName; entry: Entry }[] {
  const names = new Set<string>();
  return (Array.isArray(value) ? value : []).flatMap((entry: Entry | null, i) => {
    const name = entry?.name;
    if (typeof name !== "string" || names.has(name)) return [];
    names.add(name);
    return [{ from: { path: `${list}[${i}].name`, name }, entry: entry as Entry }];
  });
}
