import type { CrowdRow } from "./hundred.ts";
import type { LatencyRow } from "./latency.ts";
import type { Machine } from "./machine.ts";
import type { NeighbourRow } from "./neighbours.ts";
import type { OutageRow } from "./outage.ts";
import type { StalePortRow, TakeoverResult } from "./stalePorts.ts";
import type { VoteRow } from "./votes.ts";

/** All that a run of the bench has measured; a part that was not asked for is not there. */
export type Results = {
  readonly date: string;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
  /** The variant that ours is compared with: plain `ssh -R` to a stock sshd of the version of our image. */
  readonly reference: string;
  latency?: readonly LatencyRow[];
  outage?: readonly OutageRow[];
  stalePorts?: readonly StalePortRow[];
  takeovers?: TakeoverResult;
  hundred?: readonly CrowdRow[];
  neighbours?: readonly NeighbourRow[];
  votes?: readonly VoteRow[];
  /** How long the whole run took. */
  seconds?: number;
};

/** The round trips that are put on the link. */
export const roundTrips = [0, 30, 150] as const;
