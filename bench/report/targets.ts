import { median } from "../base/statistics.ts";
import type { LatencyRow } from "../measure/latency.ts";
import { haproxyOverSsh, ratholeNoise, signerForwarder } from "../variants/variant.ts";
import type { Results } from "./results.ts";

/** One target of the signing path, and a run's value for it. */
export type Target = { readonly what: string; readonly measured: string; readonly met: boolean };

/** Compares a run with the targets that it has measurements for. */
export function targetsOf(results: Results): Target[] {
  return [
    ...(results.latency ? [...beside(results, results.latency), ...links(results.latency)] : []),
    ...outages(results),
    ...votes(results),
    ...crowd(results),
  ];
}

const cellName = ({ what, fresh, connections }: LatencyRow): string =>
  `${what === "signature" ? "signature" : "POST alone"}, ${fresh ? "fresh" : "reused"}, ${connections} at a time`;

/** Targets for our path on loopback, compared with the reference and the peers. */
function beside({ reference }: Results, rows: readonly LatencyRow[]): Target[] {
  const local = rows.filter(({ rtt, pause }) => rtt === 0 && pause === 0);
  const mine = local.filter(({ variant }) => variant === signerForwarder);
  const targets: Target[] = [];
  const compare = (own: LatencyRow, other: string, key: "p50" | "p99" | "perSecond"): void => {
    const row = local.find((each) => each.variant === other && cellName(each) === cellName(own));
    if (!row) return;
    const more = key === "perSecond";
    const unit = more ? "/s" : " ms";
    const met = own.errors === 0 && (more ? own[key] > row[key] : own[key] <= row[key]);
    const what = `${cellName(own)}: ${more ? "rate above" : `${key} at or below`} ${other}`;
    targets.push({ what, measured: `${own[key]}${unit}, ${row[key]}${unit}`, met });
  };
  for (const own of mine) {
    compare(own, reference, "p50");
    compare(own, reference, "p99");
    if (own.fresh && own.connections === 1) compare(own, ratholeNoise, "p99");
    if (own.connections === 16) for (const other of encrypted(reference)) compare(own, other, "perSecond");
  }
  return targets;
}

const encrypted = (reference: string): string[] => [reference, haproxyOverSsh, ratholeNoise];

/** Targets for a whole signature: one round trip of the link, and 2 ms. */
function links(rows: readonly LatencyRow[]): Target[] {
  return rows
    .filter(
      ({ rtt, variant, what, connections }) =>
        rtt > 0 && variant === signerForwarder && what === "signature" && connections === 1,
    )
    .flatMap((row) => {
      const how = `${row.fresh ? "fresh" : "reused"}${row.pause > 0 ? `, one every ${row.pause} s` : ""}`;
      return (["p50", "p99"] as const).map((key) => ({
        what: `a signature over a link of ${row.rtt} ms, ${how}: ${key} within ${row.rtt + 2} ms`,
        measured: `${row[key]} ms`,
        met: row.errors === 0 && row[key] <= row.rtt + 2,
      }));
    });
}

function outages({ outage = [], stalePorts = [], takeovers }: Results): Target[] {
  const targets: Target[] = [];
  for (const { event, variant, seconds, limit } of outage) {
    if (variant !== signerForwarder || event !== "server restart") continue;
    const slowest = Math.max(...seconds.map((each) => each ?? Number.POSITIVE_INFINITY));
    targets.push({
      what: "pod killed to first signature: under 5 s, each time",
      measured: slowest === Number.POSITIVE_INFINITY ? `not within ${limit} s` : `at most ${slowest.toFixed(1)} s`,
      met: slowest < 5,
    });
  }
  for (const { variant, seconds, limit } of stalePorts) {
    if (variant !== signerForwarder) continue;
    const measured = seconds === null ? `not within ${limit} s` : `${seconds.toFixed(1)} s`;
    targets.push({ what: "a dead peer's port is free within 12 s", measured, met: seconds !== null && seconds <= 12 });
  }
  if (takeovers) {
    const { firstTry, median: middle, times } = takeovers;
    targets.push({
      what: "takeover on the first try, 200 of 200",
      measured: `${firstTry} of ${times}`,
      met: firstTry === times && times >= 200,
    });
    targets.push({ what: "takeover: median under 0.3 s", measured: `${middle.toFixed(2)} s`, met: middle < 0.3 });
  }
  return targets;
}

function votes({ votes = [] }: Results): Target[] {
  return votes
    .filter(({ variant }) => variant === signerForwarder)
    .map(({ what, votes: asked, lost }) => ({
      what: `votes at a slow signer, ${what}: none lost`,
      measured: `${lost} of ${asked}`,
      met: asked > 0 && lost === 0,
    }));
}

function crowd({ hundred = [], reference }: Results): Target[] {
  const own = hundred.find(({ variant }) => variant === signerForwarder);
  if (!own) return [];
  const open = median(own.back.map(({ sinceOpen }) => sinceOpen));
  const stock = hundred.find(({ variant }) => variant === reference);
  const beside = stock ? ` (${reference}: ${median(stock.back.map(({ sinceOpen }) => sinceOpen)).toFixed(1)} s)` : "";
  return [
    {
      what: `${own.signers} signers back within 2.5 s of a restart`,
      measured: `${open.toFixed(1)} s${beside}`,
      met: open <= 2.5,
    },
    {
      what: "memory of each connected signer: under 2 MiB",
      measured: `${own.memory.toFixed(2)} MiB`,
      met: own.memory < 2,
    },
  ];
}
