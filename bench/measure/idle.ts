import { setTimeout as sleep } from "node:timers/promises";
import { run } from "../../local/machine/run.ts";
import { home } from "../rig/networks.ts";
import type { Variant } from "../variants/variant.ts";
import { overLink } from "./opened.ts";

/** What a tunnel carries that nobody uses: all bytes of its packets, headers included, in both directions. */
export type IdleRow = { readonly variant: string; readonly megabytesPerDay: number; readonly seconds: number };

/** A way with its name in the table. */
export type IdleWay = { readonly name: string; readonly variant: Variant };

/** Counts the bytes of idle tunnels, one after the other: nothing else goes through the home's uplink meanwhile. */
export async function measureIdle(
  ways: readonly IdleWay[],
  seconds: number,
  progress: (line: string) => void,
): Promise<IdleRow[]> {
  const rows: IdleRow[] = [];
  for (const { name, variant } of ways) {
    progress(`idle: ${name}`);
    await overLink([variant], 0, async () => {
      // The login, and the first signature that showed that it is open, do not count.
      await sleep(5000);
      const [before, began] = [await uplinkBytes(), Date.now()];
      await sleep(seconds * 1000);
      const perSecond = ((await uplinkBytes()) - before) / ((Date.now() - began) / 1000);
      rows.push({ variant: name, megabytesPerDay: Math.round((perSecond * 86_400) / 1e4) / 100, seconds });
    });
  }
  return rows;
}

/** The bytes of all frames that the home's uplink has received and sent, without their link headers of 14 bytes. */
async function uplinkBytes(): Promise<number> {
  const [program = "", ...words] = [...home, "cat", "/proc/net/dev"];
  const counters = /^\s*wan:\s*(.*)$/m
    .exec(await run(program, words))?.[1]
    ?.split(/\s+/)
    .map(Number);
  if (counters?.length !== 16) throw new Error("found no counters of the home's uplink");
  const [received = 0, packetsIn = 0, sent = 0, packetsOut = 0] = [0, 1, 8, 9].map((index) => counters[index]);
  return received + sent - 14 * (packetsIn + packetsOut);
}
