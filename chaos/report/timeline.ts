import { type Ask, type Events, type Fault, waitsOf } from "../figures.ts";
import { escaped } from "./escaped.ts";

const left = 150;
const rowHeight = 26;
const laneHeight = 16;
const barHeight = 11;
/** What an hour needs to be read, and a minute to be seen. */
const pixelsPerMinute = 100;
const leastWidth = 900;
/** A request that had to wait for so long for its key's next signature is drawn as a gap. */
const shownGapMs = 1000;

/** Draws a run: faults as bars, and below them a row for each key with its signatures as ticks and its gaps in red. */
export function timeline({ asks, began, ended, faults, keys }: Events): string {
  const width = Math.max(leastWidth, left + ((ended - began) / 60_000) * pixelsPerMinute + 20);
  const x = (time: number): number => round(left + ((time - began) * (width - left - 20)) / Math.max(1, ended - began));
  const lanes = lanesOf(
    faults,
    (fault) => x(fault.begin),
    (fault) => labelEnd(x(fault.begin), x(fault.end), fault),
  );
  const top = 14 + Math.max(1, ...lanes.map((lane) => lane + 1)) * laneHeight;
  const height = top + keys.length * rowHeight + 26;
  const bottom = height - 22;
  const grid = minutesOf(began, ended).map(
    ([minute, time]) =>
      `<line class="grid" x1="${x(time)}" x2="${x(time)}" y1="6" y2="${bottom}"/><text class="note" x="${x(time)}" y="${height - 8}" text-anchor="middle">${minute} min</text>`,
  );
  const bars = faults.map((fault, index) => {
    const [from, to, y] = [x(fault.begin), x(fault.end), 8 + (lanes[index] as number) * laneHeight];
    const title = `${fault.kind} (${fault.target}), ${round((fault.end - fault.begin) / 1000)} s${fault.note ? `: ${fault.note}` : ""}`;
    return `<g><title>${escaped(title)}</title><rect class="fault" x="${from}" y="${y}" width="${Math.max(2, round(to - from))}" height="${barHeight}"/><text class="label" x="${Math.max(from + 4, to + 3)}" y="${y + 9}">${escaped(labelOf(fault))}</text></g>`;
  });
  const rows = keys.map((key, index) => {
    const middle = top + index * rowHeight + rowHeight / 2;
    const own = asks.filter((ask) => ask.key === key);
    const gaps = gapsOf(own, ended).map(
      ([from, to]) =>
        `<g><title>${escaped(key)}: ${round((to - from) / 1000)} s to its next signature</title><rect class="gap" x="${x(from)}" y="${middle - 9}" width="${Math.max(1, round(x(to) - x(from)))}" height="18"/></g>`,
    );
    const ticks = [...new Set(own.filter(({ cause }) => cause === undefined).map(({ end }) => x(end)))].sort(
      (a, b) => a - b,
    );
    const path = ticks.map((at) => `M${at} ${middle - 6}v12`).join("");
    const lost = [...new Set(own.filter(({ cause }) => cause !== undefined).map(({ end }) => x(end)))];
    const crosses = lost.map((at) => `M${at - 3} ${middle - 3}l6 6m0 -6l-6 6`).join("");
    return `<text class="label" x="${left - 10}" y="${middle + 4}" text-anchor="end">${escaped(key)}</text>${gaps.join("")}<path class="tick" d="${path}"/><path class="lost" d="${crosses}"/>`;
  });
  return `<svg viewBox="0 0 ${round(width)} ${height}" width="${round(width)}" height="${height}" role="img" aria-label="Faults and signatures over time">
${[...grid, ...bars, ...rows].join("\n")}
</svg>`;
}

/** The spans in which a key that was asked had to wait for its next signature, joined where they overlap. */
export function gapsOf(asks: readonly Ask[], ended: number): [from: number, to: number][] {
  const gaps: [number, number][] = [];
  for (const [start, to] of waitsOf(asks, asks, ended)) {
    const last = gaps.at(-1);
    if (to - start < shownGapMs) continue;
    if (last && start <= last[1]) last[1] = Math.max(last[1], to);
    else gaps.push([start, to]);
  }
  return gaps;
}

const labelOf = ({ kind, target }: Fault): string => `${kind} (${target})`;

/** About where the text beside a fault's bar ends. */
function labelEnd(from: number, to: number, fault: Fault): number {
  return Math.max(from + 4, to + 3) + labelOf(fault).length * 6.2;
}

/** The lane of each fault: the first one in which its bar and its text hide no other's. */
function lanesOf(faults: readonly Fault[], from: (fault: Fault) => number, to: (fault: Fault) => number): number[] {
  const ends: number[] = [];
  return faults.map((fault) => {
    const free = ends.findIndex((end) => end < from(fault));
    const lane = free < 0 ? ends.length : free;
    ends[lane] = to(fault);
    return lane;
  });
}

function minutesOf(began: number, ended: number): [minute: number, time: number][] {
  const count = Math.floor((ended - began) / 60_000);
  return Array.from({ length: count + 1 }, (_, minute) => [minute, began + minute * 60_000]);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
