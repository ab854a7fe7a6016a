import { type FaultName, faultKind, faultKinds } from "./faultKinds.ts";
import { type Moment, type Schedulable, scheduleOf } from "./schedule.ts";
import type { Topology } from "./topology.ts";

/** A fault that a run leaves out, and why. */
export type LeftOut = { readonly name: string; readonly reason: string };

/** A fault that no topology can have yet. */
const neverDone: readonly LeftOut[] = [
  {
    name: "clock jump",
    reason: "a program has no wall clock of its own: Linux' time namespaces have the monotonic clocks alone",
  },
  { name: "disk full", reason: "the local cluster's volumes are folders without a quota" },
];

/** The faults among `only`, or among all, that a run of so many minutes can have in a topology, and those that it can't. */
export function splitKinds(
  topology: Topology,
  minutes: number,
  only?: readonly string[],
): { names: FaultName[]; leftOut: LeftOut[] } {
  const names = (Object.keys(faultKinds) as FaultName[]).filter((name) => only?.includes(name) ?? true);
  const lacking = names.flatMap((name) => {
    const { lacks, leastMinutes = 0 } = faultKind(name);
    const needed = lacks?.(topology) ?? (minutes < leastMinutes ? `a run of ${leastMinutes} minutes` : undefined);
    return needed === undefined ? [] : [{ name, reason: `it needs ${needed}` }];
  });
  return {
    names: names.filter((name) => !lacking.some((each) => each.name === name)),
    leftOut: [...lacking, ...(only ? [] : neverDone)],
  };
}

/** The schedule of a run of some faults in a topology. */
export function planOf(seed: number, minutes: number, topology: Topology, names: readonly FaultName[]): Moment[] {
  const kinds = names.map((name): Schedulable => {
    const { group, mayJoin = true, recovery, seconds, targets } = faultKind(name);
    return { name, targets: targets(topology), seconds, recovery, mayJoin, group };
  });
  return scheduleOf(seed, minutes * 60, kinds);
}
