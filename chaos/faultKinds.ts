import type { Allowance } from "./allowance.ts";
import { costly, free, oneDevice, oneWay, otherWay } from "./costs.ts";
import { hasSecondWay, replicasOf, signersOf, type Topology, uplinksOf } from "./topology.ts";

/** A kind of fault: when and to what it may happen, and what it may cost. What it does is in deeds.ts. */
export type FaultKind = {
  /** What happens, in a few words. */
  readonly title: string;
  /** The shortest and the longest time from its begin to its end, in seconds. One that ends when it is done takes as long. */
  readonly seconds: readonly [shortest: number, longest: number];
  /** How long it is where it is measured alone, with `--each`, in seconds. The shortest time unless given. */
  readonly aloneSeconds?: number;
  /** How long nothing else happens after it, in seconds. */
  readonly recovery: number;
  /** Whether it may come together with another fault. True unless given. */
  readonly mayJoin?: boolean;
  /** Two of a group never come together: the other one would find nothing to be done to. */
  readonly group?: string;
  readonly targets: (topology: Topology) => readonly string[];
  /** What it needs and the topology does not have. Undefined: it can be done. */
  readonly lacks?: (topology: Topology) => string | undefined;
  /** The shortest run that has it, in minutes, because it takes long. */
  readonly leastMinutes?: number;
  readonly allowance: (topology: Topology, target: string, seconds: number) => Allowance;
};

const otherReplica = "the router asks by the other replica";
const otherUplink = "the router asks by the tunnel over the other uplink";

/** From the end of a pod's program to the first signature: the pod's start, the redial, and a check of the tunnel. */
const newPodSeconds = 30;

const noWay = costly("with one replica no way to a device is left, for longer than Octez repeats", newPodSeconds);
const withoutForwarder = oneWay(otherReplica, () => noWay);

/** What it may cost if no packet passes an uplink, and then its recovery. */
const withoutUplink = (recoverySeconds: number) =>
  oneWay(otherUplink, (seconds) =>
    costly("the host has one uplink, which can be gone for longer than Octez repeats", seconds + recoverySeconds),
  );

/** What it may cost if a device says that it can't sign. */
const withoutDevice = oneDevice(
  free("the wrapper says so, and the other device of these keys is asked", 2),
  (seconds) => costly("these keys have no other device", seconds + 8),
);

const needsRouter = ({ hasRouter }: Topology): string | undefined => (hasRouter ? undefined : "a router");
const needsNodes = ({ nodes }: Topology): string | undefined => (nodes > 1 ? undefined : "a second node");

/** What the faults of the node without the baker have in common. */
const ofOtherNode = {
  ...{ seconds: [10, 20], recovery: 25, mayJoin: false },
  targets: () => ["second node"],
  lacks: needsNodes,
} as const satisfies Partial<FaultKind>;

/** All kinds of faults by their names. */
export const faultKinds = {
  "tunnel killed": {
    title: "the host's ssh client is killed, and started again a second later",
    seconds: [0.1, 0.1],
    recovery: 12,
    targets: uplinksOf,
    allowance: oneWay(otherUplink, () =>
      free("the gateway holds requests for a second and answers 502 then, which Octez repeats for 3.6 s", 5),
    ),
  },
  "uplink cut and back": {
    title: "no packet passes, and nobody is told; it is back before either end has noticed",
    seconds: [1, 3],
    recovery: 14,
    targets: uplinksOf,
    allowance: withoutUplink(10),
  },
  "uplink cut": {
    title: "no packet passes for longer than ssh and the gateway wait",
    seconds: [8, 15],
    recovery: 18,
    targets: uplinksOf,
    allowance: withoutUplink(14),
  },
  "uplink delayed": {
    title: "a round trip takes 400 ms more",
    seconds: [6, 12],
    recovery: 8,
    targets: uplinksOf,
    allowance: (topology) => (hasSecondWay(topology) ? free(otherUplink) : free("a slow link is used all the same", 3)),
  },
  "uplink losing packets": {
    title: "each 20th packet is lost, in both directions",
    seconds: [6, 12],
    recovery: 10,
    targets: uplinksOf,
    allowance: oneWay(otherUplink, () =>
      free("TCP sends them again, and Octez repeats what takes the gateway too long", 8),
    ),
  },
  "device unplugged": {
    title: "the USB device is gone, and comes back",
    seconds: [4, 10],
    recovery: 8,
    targets: signersOf,
    allowance: withoutDevice,
  },
  "device locked": {
    title: "the device refuses each request at once, as a Ledger with a closed app does",
    seconds: [3, 6],
    recovery: 8,
    targets: signersOf,
    allowance: withoutDevice,
  },
  "device hangs": {
    title: "the signer daemon keeps its connections and answers nothing",
    seconds: [2, 9],
    recovery: 16,
    targets: signersOf,
    allowance: (_, __, seconds) =>
      costly("nobody can tell whether it still signs, so no other device is asked for what it has", seconds + 14),
  },
  "daemon restarted": {
    title: "the signer daemon is killed, and started again",
    seconds: [0.1, 0.5],
    recovery: 10,
    targets: signersOf,
    allowance: oneDevice(
      free("the wrapper answers 502 for 3 s, which Octez repeats, and then the other device is asked", 7),
      () =>
        costly("a daemon that is not back within 3 s is a device that cannot sign, and these keys have no other", 12),
    ),
  },
  "forwarder killed": {
    title: "the forwarder's program ends at once, and Kubernetes starts it again in its pod",
    seconds: [0.1, 0.1],
    recovery: 25,
    group: "forwarder",
    targets: replicasOf,
    allowance: withoutForwarder,
  },
  "forwarder pod deleted": {
    title: "the forwarder's pod is deleted, and another one made",
    seconds: [0.1, 0.1],
    recovery: 25,
    group: "forwarder",
    targets: replicasOf,
    allowance: withoutForwarder,
  },
  "forwarder stopped": {
    title: "the forwarder's program is stopped (SIGSTOP) and continued",
    seconds: [2, 5],
    recovery: 14,
    group: "forwarder",
    targets: replicasOf,
    allowance: oneWay(otherReplica, (seconds) =>
      free("the kernel takes its connections meanwhile, and Octez has no time-out", seconds + 8),
    ),
  },
  "forwarder rolled out": {
    title: "the pod of each replica is replaced, one replica after the other, as with a new image",
    seconds: [35, 35],
    recovery: 20,
    mayJoin: false,
    targets: () => ["all replicas"],
    allowance: (topology) => (hasSecondWay(topology) ? otherWay(otherReplica) : noWay),
  },
  "guard's file lost": {
    title: "the guard's file is removed, and the forwarder's program ends",
    seconds: [0.1, 0.1],
    recovery: 25,
    group: "forwarder",
    targets: replicasOf,
    allowance: withoutForwarder,
  },
  "strangers at the door": {
    title: "a hundred connections that never log in, which come back when they are closed",
    seconds: [8, 12],
    recovery: 6,
    targets: () => ["ssh port"],
    allowance: () => free("they have no part in open sessions"),
  },
  "stack updated": {
    title: "`up` with a signer's changed limit",
    seconds: [5, 5],
    recovery: 8,
    targets: () => ["stack"],
    allowance: () => free("a changed config reaches the running forwarder, and ends no tunnel"),
  },
  "host key rotated": {
    title: "the next host key is announced, every client dials again, and the key takes the place of the old one",
    seconds: [70, 70],
    recovery: 12,
    mayJoin: false,
    leastMinutes: 20,
    targets: () => ["stack"],
    allowance: () => free("one client after the other dials again, as when a tunnel is killed", 5),
  },
  "baker replaced": {
    title: "the baker's pod is deleted, and another one made; nobody asks meanwhile",
    seconds: [6, 6],
    recovery: 12,
    mayJoin: false,
    targets: () => ["baker-alice-0"],
    allowance: () => free("who does not ask loses no request; the levels of that time are missed"),
  },
  "router killed": {
    title: "the router's program ends at once, and its parent starts it again",
    seconds: [0.1, 0.1],
    recovery: 20,
    group: "router",
    targets: () => ["baker-alice-0"],
    lacks: needsRouter,
    allowance: () => free("the ports stay open, and a request under way gets 502, which Octez repeats"),
  },
  "router stopped": {
    title: "the router's program is stopped (SIGSTOP) and continued",
    seconds: [2, 5],
    recovery: 12,
    group: "router",
    targets: () => ["baker-alice-0"],
    lacks: needsRouter,
    allowance: (_, __, seconds) =>
      free("the kernel takes its connections meanwhile, and Octez has no time-out", seconds + 3),
  },
  "node cut": {
    title: "no packet passes to or from a node that has not the baker, and nobody is told",
    aloneSeconds: 4,
    ...ofOtherNode,
    allowance: (topology, _, seconds) =>
      hasSecondWay(topology) ? otherWay(otherReplica, 1) : costly("the only replica may be there", seconds + 60),
  },
  "node drained": {
    title: "the node with a replica and without the baker is drained, and uncordoned",
    aloneSeconds: 1,
    ...ofOtherNode,
    allowance: (topology) =>
      hasSecondWay(topology) ? otherWay(otherReplica) : costly("the only replica may be there", newPodSeconds),
  },
} as const satisfies Readonly<Record<string, FaultKind>>;

export type FaultName = keyof typeof faultKinds;

/** A kind of fault by its name. Throws for another name. */
export function faultKind(name: string): FaultKind {
  if (!Object.hasOwn(faultKinds, name))
    throw new Error(`fault: found ${JSON.stringify(name)}, wanted one of ${Object.keys(faultKinds).join(", ")}`);
  return faultKinds[name as FaultName];
}
