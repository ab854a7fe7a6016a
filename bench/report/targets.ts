import { median } from "../base/statistics.ts";
import type { LatencyRow } from "../measure/latency.ts";
import { signerForwarder, withRouter } from "../variants/variant.ts";
import { bakersTargets } from "./bakersTargets.ts";
import { gapsTargets } from "./gapsTable.ts";
import type { Results } from "./results.ts";
import type { Target } from "./target.ts";

/** Compares a run with the targets that it has measurements for. */
export function targetsOf(results: Results): Target[] {
  return [
    ...bakers(results),
    ...(results.latency
      ? [...beside(results, results.latency), ...links(results.latency), ...routers(results.latency)]
      : []),
    ...outages(results),
    ...votes(results),
    ...idles(results),
    ...crowd(results),
    ...bakersTargets(results),
    ...gapsTargets(results),
  ];
}

const cellName = ({ what, fresh, connections }: LatencyRow): string =>
  `${what === "signature" ? "signature" : "POST alone"}, ${fresh ? "fresh" : "reused"}, ${connections} at a time`;

/** Our figure must be at most (or, of a rate, at least) so many times the reference's. */
type Ratio = {
  readonly connections: number;
  readonly fresh: boolean;
  readonly key: "p50" | "p99" | "perSecond";
  readonly times: number;
};
const ratios: readonly Ratio[] = [
  { connections: 16, fresh: true, key: "perSecond", times: 1.8 },
  { connections: 16, fresh: false, key: "perSecond", times: 0.9 },
  { connections: 1, fresh: false, key: "p50", times: 0.95 },
  { connections: 1, fresh: false, key: "p99", times: 1 },
  { connections: 1, fresh: true, key: "p50", times: 0.55 },
  { connections: 1, fresh: true, key: "p99", times: 0.55 },
];

/** Targets for a signature on loopback, compared with the reference. */
function beside({ reference }: Results, rows: readonly LatencyRow[]): Target[] {
  return compared(rows, [signerForwarder, reference], ratios);
}

/** What a router may add to a signature on a kept connection. */
const routerRatios: readonly Ratio[] = [
  { connections: 1, fresh: false, key: "p50", times: 1.25 },
  { connections: 1, fresh: false, key: "p99", times: 1.3 },
];

/** Targets for a signature by a router on loopback, compared with that of the forwarder alone. */
function routers(rows: readonly LatencyRow[]): Target[] {
  return compared(rows, [withRouter, signerForwarder], routerRatios, "by a router, ");
}

/** Compares a signature on loopback by one variant with that by another. */
function compared(
  rows: readonly LatencyRow[],
  [ownName, otherName]: readonly [own: string, other: string],
  limits: readonly Ratio[],
  how = "",
): Target[] {
  const local = rows.filter(({ rtt, pause, what }) => rtt === 0 && pause === 0 && what === "signature");
  return limits.flatMap(({ connections, fresh, key, times }) => {
    const find = (name: string) =>
      local.find((row) => row.variant === name && row.connections === connections && row.fresh === fresh);
    const [own, other] = [find(ownName), find(otherName)];
    if (!own || !other) return [];
    const isRate = key === "perSecond";
    const ratio = own[key] / other[key];
    const what = `${how}${cellName(own)}: ${isRate ? "rate at least" : `${key} at most`} ${times} × ${otherName}`;
    const met = own.errors === 0 && (isRate ? ratio >= times : ratio <= times);
    return [{ what, measured: `${ratio.toFixed(2)} × (${own[key]}${isRate ? "/s" : " ms"})`, met }];
  });
}

/** Targets for a baker's own pattern. */
function bakers({ baker = [], reference }: Results): Target[] {
  return baker
    .filter(({ variant }) => variant === signerForwarder)
    .flatMap((own) => {
      const name = `${own.keys} key${own.keys === 1 ? "" : "s"} at once`;
      if (own.rtt > 0) {
        return (["p50", "p99"] as const).map((key) => {
          const most = own.rtt + (key === "p50" ? 1 : 3);
          const met = own.errors === 0 && own[key] <= most;
          return {
            what: `${name} over a link of ${own.rtt} ms: ${key} within ${most} ms`,
            measured: `${own[key]} ms`,
            met,
          };
        });
      }
      const stock = baker.find(({ variant, rtt, keys }) => variant === reference && rtt === 0 && keys === own.keys);
      if (!stock) return [];
      const ratio = own.p50 / stock.p50;
      const met = own.errors === 0 && ratio <= 0.6;
      return [
        { what: `${name}: p50 at most 0.6 × ${reference}`, measured: `${ratio.toFixed(2)} × (${own.p50} ms)`, met },
      ];
    });
}

/** Targets for a tunnel that nobody uses, by the seconds between its client's probes. */
function idles({ idle = [] }: Results): Target[] {
  const most: readonly [string, number][] = [
    ["probes each 2 s", 15],
    ["probes each 10 s", 4],
  ];
  return most.flatMap(([suffix, limit]) => {
    const row = idle.find(({ variant }) => variant.startsWith(signerForwarder) && variant.endsWith(suffix));
    if (!row) return [];
    const measured = `${row.megabytesPerDay} MB`;
    return [
      { what: `an idle tunnel, ${suffix}: at most ${limit} MB a day`, measured, met: row.megabytesPerDay <= limit },
    ];
  });
}

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
      what: "pod killed to first signature: within 1.5 s, each time",
      measured: slowest === Number.POSITIVE_INFINITY ? `not within ${limit} s` : `at most ${slowest.toFixed(1)} s`,
      met: slowest <= 1.5,
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
      met: own.memory > 0 && own.memory < 2,
    },
    ...(own.program === undefined
      ? []
      : [
          {
            what: `memory of the forwarder's program with ${own.signers} signers: at most 40 MiB`,
            measured: `${own.program.toFixed(1)} MiB`,
            met: own.program > 0 && own.program <= 40,
          },
        ]),
  ];
}
