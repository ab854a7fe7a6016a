import { setTimeout as sleep } from "node:timers/promises";
import { until } from "../testbed/background.ts";
import { faultKind } from "./faultKinds.ts";
import type { Events, Fault } from "./figures.ts";
import { doFault, type Progress, written } from "./run.ts";
import { allConnected, type World } from "./world.ts";

/** How long nothing happens before a fault. Its requests come each third of a level. */
const quietMs = 1500;

/**
 * Does some kinds of faults so many times each, by turns and one at a time, and to each of its targets in turn. Each time
 * every tunnel is there again.
 */
export async function runEach(
  world: World,
  kinds: readonly string[],
  times: number,
  progress: Progress,
): Promise<Events> {
  const began = Date.now();
  const faults: Fault[] = [];
  for (let time = 0; time < times; time++) {
    progress(`${Math.round((Date.now() - began) / 1000)} s: round ${time + 1} of ${times}`);
    for (const kind of kinds) {
      const { aloneSeconds, seconds, targets } = faultKind(kind);
      const all = targets(world.topology);
      const target = all[time % all.length] as string;
      await sleep(quietMs);
      faults.push(await doFault(world, { kind, target, seconds: aloneSeconds ?? seconds[0] }));
      await sleep(quietMs);
      await until(`every tunnel is back after ${kind} (${target})`, 180, () => allConnected(world));
      world.baker.check();
    }
  }
  return written(world, began, faults);
}
