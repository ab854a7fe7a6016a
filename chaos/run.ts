import { setTimeout as sleep } from "node:timers/promises";
import { deeds } from "./deeds.ts";
import type { FaultName } from "./faultKinds.ts";
import type { Events, Fault } from "./figures.ts";
import type { Moment, PlannedFault } from "./schedule.ts";
import { levelMs, type World } from "./world.ts";

/** Does the faults of a schedule to a world, and returns all that was written down. */
export async function runSchedule(
  world: World,
  moments: readonly Moment[],
  progress: (line: string) => void,
): Promise<Events> {
  const began = Date.now();
  const faults: Fault[] = [];
  for (const { at, faults: planned, recovery } of moments) {
    // A fault that took longer than planned delays those after it.
    await sleep(Math.max(0, began + at * 1000 - Date.now()));
    progress(`${Math.round((Date.now() - began) / 1000)} s: ${planned.map(nameOf).join(", with ")}`);
    const done = await Promise.all(planned.map((fault) => doIt(world, fault, planned)));
    faults.push(...done.sort((a, b) => a.begin - b.begin));
    await sleep(recovery * 1000);
    world.baker.check();
  }
  const { asks, refusals, signatures } = await written(world);
  const keys = [...new Set(asks.map(({ key }) => key))].sort();
  // What was asked while the world was made is no part of the run.
  const own = asks.filter(({ start }) => start >= began);
  return { began, ended: Date.now(), levelMs, keys, asks: own, faults, refusals, signatures };
}

const nameOf = ({ kind, target }: PlannedFault): string => `${kind} (${target})`;

async function doIt(world: World, fault: PlannedFault, planned: readonly PlannedFault[]): Promise<Fault> {
  const begin = Date.now();
  const deed = deeds[fault.kind as FaultName];
  const note = await deed(world, fault.target, fault.seconds * 1000).catch((error: Error) => {
    throw new Error(`${nameOf(fault)}: ${error.message}`);
  });
  const joined = planned.find((other) => other !== fault)?.kind;
  const { kind, target } = fault;
  return { kind, target, begin, end: Date.now(), ...(joined && { joined }), ...(typeof note === "string" && { note }) };
}

/** Waits for what is under way, ends the asking, and collects what the asker and the devices wrote. */
async function written({ baker, homes }: World): Promise<Pick<Events, "asks" | "refusals" | "signatures">> {
  await baker.stop();
  return {
    asks: baker.asks(),
    refusals: homes.flatMap((home) => home.refusals()),
    signatures: homes.flatMap((home) => home.signatures()),
  };
}
