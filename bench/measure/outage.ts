import { setTimeout as sleep } from "node:timers/promises";
import type { Ended } from "../base/ended.ts";
import { Link } from "../rig/link.ts";
import { moveHome } from "../rig/networks.ts";
import { SteadyBaker } from "../rig/steadyBaker.ts";
import type { Open, Variant } from "../variants/variant.ts";

const outageEvents = ["silent cut", "server restart", "client restart"] as const;
type OutageEvent = (typeof outageEvents)[number];

/**
 * The seconds from an event to the first signature that was requested after it, for each repetition.
 * null means that none came within `limit` seconds.
 */
export type OutageRow = {
  readonly event: OutageEvent;
  readonly variant: string;
  readonly seconds: readonly (number | null)[];
  readonly limit: number;
};

/** Seconds from one request for a signature to the next. */
const pace = 0.25;

/** Measures how long bakers are without signatures after each event. The silent cut hits all variants at once. */
export async function measureOutages(
  variants: readonly Variant[],
  repetitions: number,
  limit: number,
  progress: (line: string) => void,
): Promise<OutageRow[]> {
  const rows: OutageRow[] = [];
  for (const event of outageEvents) {
    const seconds = new Map<string, (number | null)[]>(variants.map(({ name }) => [name, []]));
    // A silent cut at a stock server lasts until its probes fail, which takes long. One repetition less shows it too.
    const times = event === "silent cut" ? Math.max(1, repetitions - 1) : repetitions;
    for (let n = 0; n < times; n++) {
      progress(`outage: ${event}, ${n + 1} of ${times}`);
      // Each repetition starts from scratch, so that one event leaves nothing behind for the next.
      const link = new Link(0);
      const open: { name: string; open: Open }[] = [];
      try {
        for (const variant of variants) open.push({ name: variant.name, open: await variant.open(link) });
        if (event === "silent cut") {
          const taken = await afterwards(open, moveHome, limit);
          for (const [name, value] of taken) seconds.get(name)?.push(value);
        } else {
          for (const each of open) {
            const happen = event === "server restart" ? each.open.restartServer : each.open.restartClient;
            for (const [name, value] of await afterwards([each], happen, limit)) seconds.get(name)?.push(value);
          }
        }
      } finally {
        for (const each of open) await each.open.close();
        // A stock server still holds the ports of the clients that it lost.
        if (event === "silent cut") for (const variant of variants) await variant.forgetSessions?.();
      }
    }
    for (const [variant, values] of seconds) rows.push({ event, variant, seconds: values, limit });
  }
  return rows;
}

/** Causes an event while bakers ask, and returns the seconds until each variant's next signature. */
async function afterwards(
  subjects: readonly { name: string; open: Open }[],
  happen: () => Promise<Ended>,
  limit: number,
): Promise<[string, number | null][]> {
  const asking = subjects.map(({ open }) => new SteadyBaker(open.signerAddress, pace, limit + 10));
  try {
    await sleep(2000);
    const { since, gone } = await happen();
    const first = await Promise.all(asking.map((baker) => baker.firstSince(gone, limit)));
    return first.map((end, i) => [subjects[i]?.name ?? "", end === undefined ? null : (end - since) / 1000]);
  } finally {
    await Promise.all(asking.map((baker) => baker.stop()));
  }
}
