import { replicaNames } from "../infra/names/replicaNames.ts";
import type { Way } from "./allowance.ts";

/** What a run has to do faults to. */
export type Topology = {
  /** How many replicas the forwarder has. */
  readonly replicas: number;
  /** Whether a router stands beside octez-baker in its pod. */
  readonly hasRouter: boolean;
  /** How many nodes the cluster has. */
  readonly nodes: number;
  /** The signers whose keys another one has too. */
  readonly pairedSigners: readonly string[];
  /** The signers whose keys nobody else has. */
  readonly singleSigners: readonly string[];
};

/** Which signers are the only ones of their keys, and which are not. */
export function pairsOf(hasOneDevice: boolean): Pick<Topology, "pairedSigners" | "singleSigners"> {
  return hasOneDevice
    ? { pairedSigners: ["home", "office"], singleSigners: ["cabin"] }
    : { pairedSigners: ["home", "office", "cabin"], singleSigners: [] };
}

/** A stack with one replica on one node, and the signers of world.ts. */
export const plainTopology: Topology = { replicas: 1, hasRouter: false, nodes: 1, ...pairsOf(false) };

/** All signers of a topology. */
export function signersOf({ pairedSigners, singleSigners }: Topology): readonly string[] {
  return [...pairedSigners, ...singleSigners];
}

/** What stands between a signer's name and an uplink's number in the name of an uplink. */
export const uplinkWord = " uplink ";

/** All uplinks. A signer has one for each replica, with a tunnel of its own. */
export function uplinksOf(topology: Topology): readonly string[] {
  return signersOf(topology).flatMap((name) =>
    Array.from({ length: topology.replicas }, (_, uplink) => `${name}${uplinkWord}${uplink}`),
  );
}

/** The names of the forwarder's replicas. */
export function replicasOf({ replicas }: Topology): readonly string[] {
  return replicaNames.slice(0, replicas);
}

/** The way that the fault of a replica or of an uplink takes. */
export function wayOf(topology: Topology, target: string): Way {
  const [signer, uplink] = target.split(uplinkWord);
  return uplink === undefined ? { number: replicasOf(topology).indexOf(target) } : { signer, number: Number(uplink) };
}

/** Whether a request has another replica to go to, and something that takes it there. */
export function hasSecondWay({ replicas, hasRouter }: Topology): boolean {
  return replicas > 1 && hasRouter;
}
