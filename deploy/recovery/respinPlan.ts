import type { Remains } from "./remains.ts";

/**
 * The maker that can make a cluster again: this machine, the program itself (GKE), or another stack.
 *
 * It is `nobody` for a cluster that existed before the stack.
 */
export type Maker = "local" | "cloud" | "nobody" | { readonly stack: string };

/** The facts known before a respin: the remains in the cluster, and others. */
export type Situation = {
  readonly remains: Remains;
  /** The cluster's address as text. */
  readonly address: string;
  readonly maker: Maker;
  /** The backend's state, with the pulumi CLI. `dead` counts objects of a cluster that is gone or not the config's. */
  readonly state?: { readonly found: boolean; readonly dead: number };
  /** The bakers that have lost their volumes, each with the snapshots that can restore it. */
  readonly bakers: readonly LostBaker[];
  /** All signers of the config. */
  readonly signers: readonly string[];
};

/** A baker that has lost its volumes. */
type LostBaker = {
  readonly name: string;
  /** The chain snapshot from which its node starts. Without one the node fetches the whole chain. */
  readonly snapshotUrl?: string | undefined;
  /** The time of the base dir's snapshot to restore; undefined if there is none. */
  readonly backup?: string | undefined;
};

/** The plan of a respin, shown before it runs. */
export type Plan = {
  readonly found: readonly string[];
  readonly will: readonly string[];
  /** The losses that a respin cannot restore, and their consequences. */
  readonly lost: readonly string[];
  /** The reason why the respin cannot start yet. */
  readonly blocked?: string;
  /** The signers for whose return the respin waits. */
  readonly awaited: readonly string[];
};

const stateTexts: Record<Remains["cluster"], string> = {
  answers: "answers",
  failing: "answers with errors",
  silent: "does not answer",
  stopped: "is stopped, its data is there",
  absent: "is not there",
};

/** Plans a respin for a situation, and lists what it cannot restore. */
export function planOf({ remains, address, maker, state, bakers, signers }: Situation): Plan {
  const { cluster, connected, lostClaims, missing, wanted } = remains;
  const awaited = connected ?? signers;
  const answers = cluster === "answers";
  const found = [
    `the cluster (${address}) ${stateTexts[cluster]}`,
    ...(answers ? [`${missing.length} of the stack's ${wanted} objects are missing${listed(missing)}`] : []),
    ...(answers && lostClaims.length > 0
      ? [`volumes are missing: ${lostClaims.map(({ name }) => name).join(", ")}`]
      : []),
    ...(state ? [stateText(state)] : []),
    connected
      ? `signers with a tunnel: ${connected.join(", ") || "none"}`
      : "which signers had a tunnel can't be known: all of the config are waited for",
  ];
  if (maker === "cloud" && (cluster === "silent" || cluster === "absent")) {
    found.push(
      "a cluster that only can't be found or reached from here goes on baking, and a second one will be made: look first with `gcloud container clusters list`",
    );
  }
  const blocked = blockedBy(remains, maker, address);
  const making = maker === "local" && !answers ? [makingText(cluster)] : [];
  const will = [
    ...making,
    ...(state && state.dead > 0
      ? [`drop ${state.dead} dead objects from Pulumi's state, of which a copy is kept`]
      : []),
    ...bakers.flatMap(({ name, backup }) =>
      backup ? [`restore the base dir of baker ${name} from its snapshot of ${backup}`] : [],
    ),
    ...(maker === "cloud" && !answers ? ["make the cluster in Google's cloud, with what else of it is gone"] : []),
    missing.length === 0 ? "bring the stack up to date" : `make the stack's ${wanted} objects`,
    `wait until these signers have a tunnel: ${awaited.join(", ") || "none"}`,
  ];
  const mayBeWhole = maker === "local" && (cluster === "silent" || cluster === "failing") && bakers.length > 0;
  const unsure = mayBeWhole ? ["nothing, if the cluster's storage is whole, which shows when it runs; else:"] : [];
  return {
    found,
    will: blocked ? [] : will,
    lost: [...unsure, ...bakers.flatMap(lossesOf)],
    ...(blocked && { blocked }),
    awaited,
  };
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? "" : `: ${names.slice(0, 4).join(", ")}${names.length > 4 ? ", …" : ""}`;
}

function stateText({ found, dead }: NonNullable<Situation["state"]>): string {
  if (!found) return "Pulumi's state knows nothing of the stack: what is in the cluster is adopted";
  return dead === 0
    ? "Pulumi's state is there"
    : `Pulumi's state is there, with ${dead} objects of a cluster that is gone`;
}

function makingText(cluster: Remains["cluster"]): string {
  if (cluster === "absent") return "make this machine's own cluster";
  return "start what is missing of this machine's own cluster, with the data that it has";
}

function blockedBy({ cluster, said }: Remains, maker: Maker, address: string): string | undefined {
  if (cluster === "answers" || maker === "local" || (maker === "cloud" && cluster !== "failing")) return undefined;
  const quoted = said ? `\n${said}` : "";
  if (typeof maker === "object") {
    return `the cluster (${address}) ${stateTexts[cluster]}; stack ${maker.stack} has made it: wanted that stack first (npm run respin -- --stack ${maker.stack}), then this one${quoted}`;
  }
  if (maker === "cloud") {
    return `the cluster (${address}) answers with errors, so it is not gone: found a control plane that is being repaired, or was cut off; wanted one that answers, or none (delete it in the console), then run respin again${quoted}`;
  }
  return `the cluster (${address}) ${stateTexts[cluster]}, and this stack did not make it: wanted one that answers. Make another, name it in the config (cluster.context), then run respin again${quoted}`;
}

function lossesOf({ name, snapshotUrl, backup }: LostBaker): string[] {
  const chain = snapshotUrl
    ? `its node imports the chain from ${snapshotUrl}, and bakes when it has caught up`
    : "its node fetches the whole chain from its peers, which takes days on an old network: bakers[].snapshot in the config shortens that";
  const base = backup
    ? [
        `baker ${name}: nonces and watermarks come back as they were at ${backup}; a nonce that is younger can't be revealed, which costs its block's rewards`,
      ]
    : [
        `baker ${name}: nonces that were not revealed are gone, which costs their blocks' rewards`,
        `baker ${name}: its own watermarks are gone; the signer's are on the device and still refuse to sign a level twice`,
      ];
  return [`baker ${name}: its volume is gone: ${chain}`, ...base];
}
