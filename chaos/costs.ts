import type { Allowance } from "./allowance.ts";
import { hasSecondWay, pairedDevice, type Topology, wayOf } from "./topology.ts";

// What faults may cost, of which there are a few sorts. Times are in seconds.

/** What a machine that is busy, with the fault itself or with other tests, may add to a gap, in seconds. */
const slack = 6;

/** It may take longer, and lose nothing. */
export const free = (reason: string, gapSeconds = 0): Allowance => ({
  gapSeconds: gapSeconds + slack,
  mayLose: false,
  reason,
});

/** It may take longer, and lose requests. */
export const costly = (reason: string, gapSeconds: number): Allowance => ({
  gapSeconds: gapSeconds + slack,
  mayLose: true,
  reason,
});

/** The same where a request only has to go another way, in seconds: it waits for nothing that starts. */
const otherWaySlack = 2;

/** A request only has to go another way, and is not lost. */
export const otherWay = (reason: string, gapSeconds = 0): Allowance => ({
  gapSeconds: gapSeconds + otherWaySlack,
  mayLose: false,
  reason,
});

/** What a fault of one of two ways may cost. With one way it costs what `alone` says. */
export const oneWay =
  (reason: string, alone: (seconds: number) => Allowance) =>
  (topology: Topology, target: string, seconds: number): Allowance =>
    hasSecondWay(topology) ? { ...otherWay(reason), takes: wayOf(topology, target) } : alone(seconds);

/** What a fault of one of two devices of its keys may cost. Where it is the only one it costs what `alone` says. */
export const oneDevice =
  (other: Allowance, alone: (seconds: number) => Allowance) =>
  (topology: Topology, target: string, seconds: number): Allowance => {
    const takes = pairedDevice(topology, target);
    return takes ? { ...other, takes } : alone(seconds);
  };
