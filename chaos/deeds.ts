import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { nodeLayout } from "../local/cluster/layout.ts";
import { cutNode, joinNode } from "../local/cluster/nodeFaults.ts";
import { root } from "../local/machine/checkout.ts";
import { run } from "../local/machine/run.ts";
import { start, until } from "../testbed/background.ts";
import { homeOf, inside } from "../testbed/network.ts";
import { testCluster } from "../testbed/testCluster.ts";
import { bakerPod, bakerProgram } from "./askingBaker.ts";
import type { FaultName } from "./faultKinds.ts";
import { podOf } from "./forwarderPods.ts";
import type { Home } from "./home.ts";
import { rotateHostKey } from "./hostKeyRotation.ts";
import { podProcess, podProcesses } from "./podProcess.ts";
import { replicasOf, uplinkWord } from "./topology.ts";
import type { Uplink } from "./uplink.ts";
import { strangersHome, type World } from "./world.ts";

/** Does a fault to its target, and ends it after `ms`. A text that it returns is a note for the report. */
export type Deed = (world: World, target: string, ms: number) => Promise<unknown>;

const forwarderCommand = /^\/usr\/local\/lib\/signer-forwarder\/forwarder/;
/** The program that serves. Its parent starts it. */
const routerCommand = /^\/usr\/local\/lib\/signer-forwarder\/router serve /;
/** The guard's file in the forwarder's container. */
const guardFile = "run/signer-forwarder/guard";
/** How many connections strangers hold. The door has room for fewer that have not logged in. */
const strangers = 100;
/** How much longer a round trip of a slow uplink takes, in ms. */
const delayMs = 400;
/** The share of packets that a bad uplink loses. */
const lostShare = 0.05;

function homeNamed({ homes }: World, name: string): Home {
  const home = homes.find((each) => each.name === name);
  if (!home)
    throw new Error(`fault: found no signer ${name}, wanted one of ${homes.map((each) => each.name).join(", ")}`);
  return home;
}

async function deletePod(world: World, pod: string): Promise<void> {
  await world.stack.kubectl("delete", "pod", pod, "--wait=false");
}

/** How often a container of the pod has been started again. Kubernetes waits longer each time. */
async function restartsOf({ stack }: World, pod: string): Promise<number> {
  const path = "jsonpath={.status.containerStatuses[*].restartCount}";
  const counts = (await stack.kubectl("get", "pod", pod, "--output", path)).split(/\s+/).map(Number);
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Ends the forwarder's program at once. */
async function killForwarder(world: World, replica: string, before: (pid: number) => Promise<void> = async () => {}) {
  const pod = await podOf(world.stack, replica);
  if ((await restartsOf(world, pod)) > 0) {
    await deletePod(world, pod);
    return "its pod was deleted instead, because Kubernetes waits before it starts a program for the second time";
  }
  const pid = podProcess(pod, forwarderCommand);
  await before(pid);
  process.kill(pid, "SIGKILL");
}

/** The node beside the first, which has the baker and by which the homes reach the cluster. */
const otherNode = nodeLayout(testCluster, 2).nodeName;

/** Keeps new pods off the other node for as long as something is done, so that the baker stays on the first. */
async function withoutOtherNode({ stack, topology }: World, does: () => Promise<void>): Promise<void> {
  if (topology.nodes === 1) return does();
  await stack.kubectl("cordon", otherNode);
  try {
    await does();
  } finally {
    await stack.kubectl("uncordon", otherNode);
  }
}

/** Stops a program for a while. */
async function stopFor(pid: number, ms: number): Promise<void> {
  process.kill(pid, "SIGSTOP");
  try {
    await sleep(ms);
  } finally {
    try {
      process.kill(pid, "SIGCONT");
    } catch {
      // It has ended meanwhile.
    }
  }
}

async function during(begin: () => Promise<() => Promise<void>>, ms: number): Promise<void> {
  const end = await begin();
  try {
    await sleep(ms);
  } finally {
    await end();
  }
}

/** The home and the uplink that a target of topology.ts names. */
function uplinkNamed(world: World, target: string): { home: Home; uplink: number } {
  const [name = "", uplink] = target.split(uplinkWord);
  return { home: homeNamed(world, name), uplink: Number(uplink) };
}

/** Turns a fault of an uplink's packets on, and off again. */
async function onUplink(
  world: World,
  target: string,
  ms: number,
  turn: (uplink: Uplink) => Promise<() => Promise<void>>,
) {
  const { home, uplink } = uplinkNamed(world, target);
  await during(() => turn(home.uplinks[uplink] as Uplink), ms);
}

/** Turns a fault of a home on, and off again. */
async function onAndOff(world: World, target: string, ms: number, turn: (home: Home, isOn: boolean) => void) {
  const home = homeNamed(world, target);
  turn(home, true);
  await sleep(ms);
  turn(home, false);
}

/** What the faults of faultKinds.ts do. */
export const deeds: Readonly<Record<FaultName, Deed>> = {
  "tunnel killed": async (world, target) => {
    const { home, uplink } = uplinkNamed(world, target);
    home.killTunnel(uplink);
  },
  "uplink cut and back": (world, target, ms) => onUplink(world, target, ms, (uplink) => uplink.cut()),
  "uplink cut": (world, target, ms) => onUplink(world, target, ms, (uplink) => uplink.cut()),
  "uplink losing packets": (world, target, ms) => onUplink(world, target, ms, (uplink) => uplink.lose(lostShare)),
  "uplink delayed": async (world, target, ms) => {
    const { home, uplink } = uplinkNamed(world, target);
    home.delay(uplink, delayMs);
    await sleep(ms);
    home.delay(uplink, 0);
  },
  "device unplugged": (world, target, ms) =>
    onAndOff(world, target, ms, (home, isOn) => (isOn ? home.unplug() : home.plugIn())),
  "device locked": (world, target, ms) => onAndOff(world, target, ms, (home, isOn) => home.lock(isOn)),
  "device hangs": (world, target, ms) => onAndOff(world, target, ms, (home, isOn) => home.hang(isOn)),
  "daemon restarted": async (world, target, ms) => {
    await homeNamed(world, target).killDaemon();
    await sleep(ms);
    homeNamed(world, target).startDaemon();
  },
  "forwarder killed": (world, target) => killForwarder(world, target),
  "forwarder pod deleted": async (world, target) => deletePod(world, await podOf(world.stack, target)),
  "forwarder stopped": async (world, target, ms) =>
    stopFor(podProcess(await podOf(world.stack, target), forwarderCommand), ms),
  "forwarder rolled out": async ({ stack, topology }) => {
    for (const replica of replicasOf(topology)) {
      await stack.kubectl("rollout", "restart", `deployment/${replica}`);
      await stack.kubectl("rollout", "status", `deployment/${replica}`, "--timeout=120s");
    }
  },
  "guard's file lost": (world, target) =>
    killForwarder(world, target, async (pid) => {
      await run("rm", ["-f", join("/proc", String(pid), "root", guardFile)]);
    }),
  "strangers at the door": async ({ endpoints: [endpoint] }, _, ms) => {
    const [enter, ...namespace] = inside(homeOf(strangersHome)) as [string, ...string[]];
    const to = [endpoint?.host ?? "", String(endpoint?.port), String(strangers)];
    const crowd = start(enter, [...namespace, process.execPath, join(root, "testbed/pendingConnections.ts"), ...to]);
    await sleep(ms);
    await crowd.stop();
  },
  "stack updated": async ({ stack }) => {
    let seconds = 0;
    stack.change(({ signers }) => {
      const [signer] = signers as { answerSeconds?: number }[];
      seconds = signer?.answerSeconds === 6 ? 5 : 6;
      Object.assign(signer ?? {}, { answerSeconds: seconds });
    });
    await stack.npm("up");
    return `answerSeconds: ${seconds}`;
  },
  "host key rotated": rotateHostKey,
  "baker replaced": async (world) => {
    await world.baker.stop();
    const before = podProcesses(bakerPod, bakerProgram);
    await withoutOtherNode(world, async () => {
      await deletePod(world, bakerPod);
      await until("another pod of the baker runs", 180, () => {
        const now = podProcesses(bakerPod, bakerProgram);
        return now.length > 0 && now.every((pid) => !before.includes(pid));
      });
    });
    if (world.topology.hasRouter) await until("its router runs", 60, () => podProcesses(bakerPod, routerCommand)[0]);
    world.baker.start();
  },
  "router killed": async () => void process.kill(podProcess(bakerPod, routerCommand), "SIGKILL"),
  "router stopped": (_, __, ms) => stopFor(podProcess(bakerPod, routerCommand), ms),
  "node cut": (_, __, ms) =>
    during(async () => {
      await cutNode(otherNode);
      return () => joinNode(otherNode);
    }, ms),
  "node drained": ({ stack }, _, ms) =>
    during(async () => {
      await stack.kubectl("drain", otherNode, "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=60s");
      return async () => void (await stack.kubectl("uncordon", otherNode));
    }, ms),
};
