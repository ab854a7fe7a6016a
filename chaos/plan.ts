import { faultKind, type LeftOut, splitKinds } from "./faultKinds.ts";
import { type Moment, type Schedulable, scheduleOf } from "./schedule.ts";
import type { Topology } from "./topology.ts";

/** The schedule of a run in a topology, and what it leaves out. */
export function planOf(
  seed: number,
  minutes: number,
  topology: Topology,
): { moments: Moment[]; leftOut: readonly LeftOut[] } {
  const { names, leftOut } = splitKinds(topology, minutes);
  const kinds = names.map((name): Schedulable => {
    const { group, mayJoin = true, recovery, seconds, targets } = faultKind(name);
    return { name, targets: targets(topology), seconds, recovery, mayJoin, group };
  });
  return { moments: scheduleOf(seed, minutes * 60, kinds), leftOut };
}
