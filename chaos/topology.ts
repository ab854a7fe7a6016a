import { replicaNames } from "../infra/names/replicaNames.ts";

/** What a run has to do faults to. */
export type Topology = {
  /** How many replicas the forwarder has. */
  readonly replicas: number;
  /** Whether a router stands beside octez-baker in its pod. */
  readonly hasRouter: boolean;
  /** How many nodes the cluster has. */
  readonly nodes: number;
  /** The device of each signer. */
  readonly devices: readonly Device[];
};

/** One of two ways to the device of a signer, or to all devices: a replica and an uplink to it. */
export type Way = { readonly signer?: string | undefined; readonly number: number };

/** The device of a signer, with the numbers of its keys. */
export type Device = { readonly signer: string; readonly keys: readonly number[] };

/** Three devices with four keys, of which two have one device alone or each has two. */
export function devicesOf(hasOneDevice: boolean): readonly Device[] {
  return [
    { signer: "home", keys: [1, 2] },
    { signer: "office", keys: hasOneDevice ? [1, 2] : [1, 2, 3, 4] },
    { signer: "cabin", keys: [3, 4] },
  ];
}

/** A stack with one replica on one node, and two devices for each key. */
export const plainTopology: Topology = { replicas: 1, hasRouter: false, nodes: 1, devices: devicesOf(false) };

/** All signers of a topology. */
export function signersOf({ devices }: Topology): readonly string[] {
  return devices.map(({ signer }) => signer);
}

/** The device of a signer, if each of its keys has another device too. */
export function pairedDevice({ devices }: Topology, signer: string): Device | undefined {
  const others = devices.filter((device) => device.signer !== signer).flatMap(({ keys }) => keys);
  return devices.find((device) => device.signer === signer && device.keys.every((key) => others.includes(key)));
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
