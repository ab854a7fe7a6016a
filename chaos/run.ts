import { setTimeout as sleep } from "node:timers/promises";
import { deeds } from "./deeds.ts";
import type { FaultName } from "./faultKinds.ts";
import type { Events, Fault } from "./figures.ts";
import type { Moment, PlannedFault } from "./schedule.ts";
import { levelMs, type World } from "./world.ts";

/** Tells how a run goes on, a line each. */
export type Progress = (line: string) => void;

/** Does the faults of a schedule to a world, and returns all that was written down. */
export async function runSchedule(world: World, moments: readonly Moment[], progress: Progress): Promise<Events> {
  const began = Date.now();
  const faults: Fault[] = [];
  for (const { at, faults: planned, recovery } of moments) {
    // A fault that took longer than planned delays those after it.
    await sleep(Math.max(0, began + at * 1000 - Date.now()));
    progress(`${Math.round((Date.now() - began) / 1000)} s: ${planned.map(nameOf).join(", with ")}`);
    const done = await Promise.all(planned.map((fault) => doFault(world, fault, planned)));
    faults.push(...done.sort((a, b) => a.begin - b.begin));
    await sleep(recovery * 1000);
    world.baker.check();
  }
  return written(world, began, faults);
}

const nameOf = ({ kind, target }: PlannedFault): string => `${kind} (${target})`;

/** Does a fault, which may be one of two that are planned for the same moment. */
export async function doFault(
  world: World,
  fault: PlannedFault,
  planned: readonly PlannedFault[] = [],
): Promise<Fault> {
  const begin = Date.now();
  const deed = deeds[fault.kind as FaultName];
  const note = await deed(world, fault.target, fault.seconds * 1000).catch((error: Error) => {
    throw new Error(`${nameOf(fault)}: ${error.message}`);
  });
  const joined = planned.find((other) => other !== fault)?.kind;
  const { kind, target } = fault;
  return { kind, target, begin, end: Date.now(), ...(joined && { joined }), ...(typeof note === "string" && { note }) };
}

/** Ends the asking, and returns all that was written down since a run began. */
export async function written(world: World, began: number, faults: readonly Fault[]): Promise<Events> {
  const { baker, homes } = world;
  await baker.stop();
  // What was asked while the world was made is no part of the run.
  const asks = baker.asks().filter(({ start }) => start >= began);
  const keys = [...new Set(baker.asks().map(({ key }) => key))].sort();
  return {
    ...{ began, ended: Date.now(), levelMs, keys, asks, faults },
    refusals: homes.flatMap((home) => home.refusals()),
    signatures: homes.flatMap((home) => home.signatures()),
  };
}
