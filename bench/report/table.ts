import { median } from "../base/statistics.ts";
import type { IdleRow } from "../measure/idle.ts";
import type { LatencyRow } from "../measure/latency.ts";
import type { TogetherRow } from "../measure/together.ts";
import { bakersSections } from "./bakersTables.ts";
import { gapsTable } from "./gapsTable.ts";
import { short, table, variantsOf } from "./markdown.ts";
import type { Results } from "./results.ts";
import { targetsOf } from "./targets.ts";

/** A run's results as Markdown, for results.md. */
export function report(results: Results): string {
  const { baker, latency, outage, stalePorts, takeovers, gaps, hundred, idle, neighbours, votes } = results;
  const sections = [
    origin(results),
    baker && bakerTable(results, baker),
    latency && loopbackTable(results, latency),
    latency && linkTable(latency),
    outage && outageTable(results),
    (stalePorts || takeovers) && stalePortLines(results),
    neighbours && neighbourTable(results),
    votes && votesTable(results),
    idle && idleTable(idle),
    hundred && hundredTable(results),
    ...bakersSections(results),
    gaps && gapsTable(gaps),
    targetTable(results),
  ];
  const lines = sections.filter(Boolean).join("\n\n").split("\n");
  return `${lines.map((line) => (line.startsWith("|") ? line : wrapped(line))).join("\n")}\n`;
}

/** Prose of at most 100 columns a line, as the linter has it for Markdown. */
function wrapped(line: string): string {
  const indent = line.startsWith("- ") ? "  " : "";
  return line.replace(/(.{1,98})(?: |$)/g, `$1\n${indent}`).trimEnd();
}

function origin({ date, machine, versions, seconds }: Results): string {
  const { cores, kernel, memoryGiB, processor, system, commit } = machine;
  const took = seconds === undefined ? "" : `, ${Math.round(seconds / 60)} minutes`;
  const lines = [
    `\`npm run bench\`, ${date.slice(0, 10)}, commit ${commit}${took}, on this machine:`,
    "",
    `- ${cores} cores (${processor}), ${memoryGiB} GiB, ${system}, Linux ${kernel}`,
    ...Object.entries(versions).map(([name, version]) => `- ${name}: ${version}`),
  ];
  return lines.join("\n");
}

/** A value with its ratio to the reference's. */
function beside(value: number | undefined, reference: number | undefined): string {
  if (value === undefined) return "";
  const ratio = reference === undefined || reference === 0 ? "" : ` (×${(value / reference).toFixed(2)})`;
  return `${short(value)}${ratio}`;
}

/** A baker's own pattern: the first table, because it is what users have. */
function bakerTable({ reference }: Results, rows: readonly TogetherRow[]): string {
  const cells = [...new Set(rows.map(({ rtt, keys }) => `${rtt} ${keys}`))].map((cell) => cell.split(" ").map(Number));
  const head = [
    "",
    ...cells.map(([rtt, keys]) => `${rtt ? `${rtt} ms` : "no link"}: ${keys} key${keys === 1 ? "" : "s"}`),
  ];
  const body = variantsOf(rows).map((variant) => [
    variant,
    ...cells.map(([rtt, keys]) => {
      const find = (name: string) => rows.find((row) => row.variant === name && row.rtt === rtt && row.keys === keys);
      const [own, stock] = [find(variant), find(reference)];
      if (!own) return "";
      return rtt === 0 ? `${beside(own.p50, stock?.p50)} / ${short(own.p99)}` : `${short(own.p50)} / ${short(own.p99)}`;
    }),
  ]);
  const title =
    "A baker's own pattern: all keys ask at once, each with a GET and then a POST in chunks, each over a connection of " +
    `its own. Time until the last key has its signature, p50 / p99 in ms; × is the ratio to ${reference}:`;
  return `${title}\n\n${table(head, body)}`;
}

function idleTable(rows: readonly IdleRow[]): string {
  const body = rows.map(({ variant, megabytesPerDay }) => [variant, short(megabytesPerDay)]);
  return `What an idle tunnel carries, in both directions, headers included:\n\n${table(["", "MB a day"], body)}`;
}

function loopbackTable({ reference }: Results, rows: readonly LatencyRow[]): string {
  const local = rows.filter(({ rtt, pause }) => rtt === 0 && pause === 0);
  const parts = (["signature", "post"] as const).map((what) => {
    const find = (variant: string, fresh: boolean, connections: number): LatencyRow | undefined =>
      local.find(
        (row) => row.variant === variant && row.what === what && row.fresh === fresh && row.connections === connections,
      );
    const body = variantsOf(local).map((variant) => {
      const times = [false, true].flatMap((fresh) => {
        const [own, stock] = [find(variant, fresh, 1), find(reference, fresh, 1)];
        return [beside(own?.p50, stock?.p50), beside(own?.p99, stock?.p99), short(own?.p999)];
      });
      const rates = [false, true].map((fresh) =>
        beside(find(variant, fresh, 16)?.perSecond, find(reference, fresh, 16)?.perSecond),
      );
      return [variant, ...times, ...rates];
    });
    const title =
      what === "signature"
        ? "A signature (GET and POST), no link between, ms and signatures per second; × is the ratio to"
        : "The POST alone, ms and requests per second; × is the ratio to";
    const head = ["", "reused p50", "p99", "p99.9", "fresh p50", "p99", "p99.9", "16 reused, /s", "16 fresh, /s"];
    return `${title} ${reference}:\n\n${table(head, body)}`;
  });
  return parts.join("\n\n");
}

function linkTable(rows: readonly LatencyRow[]): string {
  const far = rows.filter(({ rtt, what }) => rtt > 0 && what === "signature");
  if (far.length === 0) return "";
  const rtts = [...new Set(far.map(({ rtt }) => rtt))];
  const kinds = [
    ["reused", (row: LatencyRow) => !row.fresh && row.connections === 1],
    ["fresh", (row: LatencyRow) => row.fresh && row.connections === 1 && row.pause === 0],
    ["one each 3 s", (row: LatencyRow) => row.pause > 0],
    ["16 reused", (row: LatencyRow) => !row.fresh && row.connections === 16],
    ["16 fresh", (row: LatencyRow) => row.fresh && row.connections === 16],
  ] as const;
  const head = ["", ...rtts.flatMap((rtt) => kinds.map(([name]) => `${rtt} ms: ${name}`))];
  const body = variantsOf(far).map((variant) => [
    variant,
    ...rtts.flatMap((rtt) =>
      kinds.map(([, is]) => {
        const row = far.find((each) => each.variant === variant && each.rtt === rtt && is(each));
        return row ? `${short(row.p50)} / ${short(row.p99)}` : "";
      }),
    ),
  ]);
  return `A signature over a link with a round trip of its own, p50 / p99 in ms:\n\n${table(head, body)}${relayError(rows)}`;
}

/**
 * The error of the relay that makes the link.
 * It is the time above the round trip that a kept connection straight to the signer takes.
 */
function relayError(rows: readonly LatencyRow[]): string {
  const straight = rows.filter(
    ({ variant, what, fresh, connections }) =>
      variant.startsWith("straight") && what === "post" && !fresh && connections === 1,
  );
  const at = (rtt: number): LatencyRow | undefined => straight.find((row) => row.rtt === rtt);
  const near = at(0);
  const errors = straight
    .filter(({ rtt }) => rtt > 0)
    .map(
      (row) =>
        `${(row.p50 - row.rtt - (near?.p50 ?? 0)).toFixed(2)} ms at ${row.rtt} ms (p99 ${(row.p99 - row.rtt).toFixed(2)} ms)`,
    );
  return errors.length > 0 ? `\n\nThe relay that makes the link adds to it: ${errors.join(", ")}.` : "";
}

function outageTable({ outage = [] }: Results): string {
  const events = [...new Set(outage.map(({ event }) => event))];
  const body = variantsOf(outage).map((variant) => [
    variant,
    ...events.map((event) => {
      const row = outage.find((each) => each.variant === variant && each.event === event);
      return row ? row.seconds.map((each) => (each === null ? `> ${row.limit}` : each.toFixed(1))).join(", ") : "";
    }),
  ]);
  return `Seconds from an event to the first signature asked for after it, each repetition:\n\n${table(["", ...events], body)}`;
}

function stalePortLines({ stalePorts = [], takeovers }: Results): string {
  const ports = stalePorts.map(
    ({ variant, seconds, limit }) =>
      `${variant} ${seconds === null ? `not within ${limit} s` : `${seconds.toFixed(1)} s`}`,
  );
  const lines =
    ports.length > 0
      ? [
          `The port of a signer that is cut off and stays away, its bakers asking on, is free after: ${ports.join("; ")}.`,
        ]
      : [];
  if (takeovers) {
    const { firstTry, median: middle, slowest, times } = takeovers;
    lines.push(
      `Takeovers at the first try: ${firstTry} of ${times}; from the start of ssh to the first signature ${middle.toFixed(2)} s in the median, ${slowest.toFixed(2)} s at most.`,
    );
  }
  return lines.join("\n");
}

function neighbourTable({ neighbours = [] }: Results): string {
  const modes = [...new Set(neighbours.map(({ neighbour }) => neighbour))];
  const body = variantsOf(neighbours).map((variant) => [
    variant,
    ...modes.map((mode) => {
      const row = neighbours.find((each) => each.variant === variant && each.neighbour === mode);
      return row ? `${short(row.p50)} / ${short(row.p99)}${row.errors > 0 ? `, ${row.errors} lost` : ""}` : "";
    }),
  ]);
  return `A signature on fresh connections while another signer of the same server is …, p50 / p99 in ms:\n\n${table(["", ...modes], body)}`;
}

function votesTable({ votes = [] }: Results): string {
  const variants = variantsOf(votes);
  const body = [...new Set(votes.map(({ what }) => what))].map((what) => [
    what,
    ...variants.map((variant) => {
      const row = votes.find((each) => each.variant === variant && each.what === what);
      return row ? `${row.lost} of ${row.votes} (${short(row.slowest)} s)` : "";
    }),
  ]);
  const title = `Votes lost of ${votes[0]?.levels ?? 0} levels at a slow signer, and what the slowest took that was signed`;
  return `${title}:\n\n${table(["", ...variants], body)}`;
}

function hundredTable({ hundred = [] }: Results): string {
  const body = hundred.map(({ variant, memory, program, back }) => [
    variant,
    `${median(back.map(({ sinceOpen }) => sinceOpen)).toFixed(1)} s`,
    `${median(back.map(({ sinceKilled }) => sinceKilled)).toFixed(1)} s`,
    `${memory.toFixed(2)} MiB`,
    program === undefined ? "" : `${program.toFixed(1)} MiB`,
  ]);
  const head = [
    "",
    "all back, since it listens again",
    "since it was killed",
    "memory of each",
    "the forwarder's program, beside sshd",
  ];
  return `${hundred[0]?.signers ?? 0} signers after a restart of the server, each redialling every second:\n\n${table(head, body)}`;
}

function targetTable(results: Results): string {
  const targets = targetsOf(results);
  if (targets.length === 0) return "";
  const body = targets.map(({ what, measured, met }) => [what, measured, met ? "met" : "**not met**"]);
  return `Targets, ${targets.filter(({ met }) => met).length} of ${targets.length} met:\n\n${table(["", "measured", ""], body)}`;
}
