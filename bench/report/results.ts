import type { Machine } from "../base/machine.ts";
import type { AttestationRow } from "../measure/attestation.ts";
import type { GapRow } from "../measure/gaps.ts";
import type { GrowthRow } from "../measure/growth.ts";
import type { IdleRow } from "../measure/idle.ts";
import type { LatencyRow } from "../measure/latency.ts";
import type { ManySignersRow } from "../measure/manySigners.ts";
import type { NeighbourRow } from "../measure/neighbours.ts";
import type { OutageRow } from "../measure/outage.ts";
import type { CrowdRow } from "../measure/reconnectStorm.ts";
import type { StalePortRow, TakeoverResult } from "../measure/stalePorts.ts";
import type { TogetherRow } from "../measure/together.ts";
import type { VoteRow } from "../measure/votes.ts";

/** All measurements of a run. A part that was not requested is missing. */
export type Results = {
  readonly date: string;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
  /** The variant that ours is compared with: plain `ssh -R` to a stock sshd, of the same version as our image's. */
  readonly reference: string;
  baker?: readonly TogetherRow[];
  latency?: readonly LatencyRow[];
  outage?: readonly OutageRow[];
  stalePorts?: readonly StalePortRow[];
  takeovers?: TakeoverResult;
  hundred?: readonly CrowdRow[];
  neighbours?: readonly NeighbourRow[];
  votes?: readonly VoteRow[];
  idle?: readonly IdleRow[];
  growth?: readonly GrowthRow[];
  attestations?: readonly AttestationRow[];
  manySigners?: readonly ManySignersRow[];
  gaps?: readonly GapRow[];
  /** The duration of the whole run. */
  seconds?: number;
};

/** The round trips of the measured links, in milliseconds. */
export const roundTrips = [0, 30, 150] as const;
