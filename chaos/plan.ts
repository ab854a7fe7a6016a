import { type FaultName, faultKind } from "./faultKinds.ts";
import { type Moment, type Schedulable, scheduleOf } from "./schedule.ts";
import type { Topology } from "./topology.ts";

/** The schedule of a run of some faults in a topology. */
export function planOf(seed: number, minutes: number, topology: Topology, names: readonly FaultName[]): Moment[] {
  const kinds = names.map((name): Schedulable => {
    const { group, mayJoin = true, recovery, seconds, targets } = faultKind(name);
    return { name, targets: targets(topology), seconds, recovery, mayJoin, group };
  });
  return scheduleOf(seed, minutes * 60, kinds);
}
