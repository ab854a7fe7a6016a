import { faultKind } from "../faultKinds.ts";
import type { Cost, Events, KindFigures } from "../figures.ts";
import type { LeftOut } from "../plan.ts";
import { escaped } from "./escaped.ts";
import type { JudgedFault, Report } from "./report.ts";
import { timeline } from "./timeline.ts";

const style = `
:root { color-scheme: light dark; --paper: #fff; --ink: #1c1f23; --soft: #667080; --line: #d9dde3; --fault: #b7791f;
  --tick: #2f7d4f; --bad: #c92a2a; --gap: #f0a3a3; --good: #2f7d4f; }
@media (prefers-color-scheme: dark) { :root { --paper: #15181c; --ink: #e6e9ed; --soft: #98a2b0; --line: #333a43;
  --fault: #d9a441; --tick: #63c48a; --bad: #ff7b7b; --gap: #7a2f2f; --good: #63c48a; } }
body { margin: 2rem auto; max-width: 80rem; padding: 0 1rem; background: var(--paper); color: var(--ink);
  font: 15px/1.45 system-ui, sans-serif; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
.wide { overflow-x: auto; } .good { color: var(--good); } .bad { color: var(--bad); } .soft { color: var(--soft); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .6rem; text-align: left; vertical-align: top; }
td.number, th.number { text-align: right; white-space: nowrap; }
svg text { font: 11px system-ui, sans-serif; } svg .label { fill: var(--ink); } svg .note { fill: var(--soft); }
svg .grid { stroke: var(--line); } svg .fault { fill: var(--fault); } svg .gap { fill: var(--gap); }
svg .tick { stroke: var(--tick); fill: none; } svg .lost { stroke: var(--bad); stroke-width: 1.5; fill: none; }
`;

/** Makes the page of a run: one file of HTML that needs nothing else. */
export function page(report: Report, events: Events): string {
  const { command, date, figures, leftOut, problems, topology } = report;
  const { asked, faults, kinds, signed, twice, whole } = figures;
  const replicas = `${topology.replicas} ${topology.replicas === 1 ? "replica" : "replicas"}`;
  const nodes = `${topology.nodes} ${topology.nodes === 1 ? "node" : "nodes"}`;
  const doubled = twice.byDevice.length + twice.byKey.length;
  const verdict =
    problems.length === 0
      ? '<p class="good">Nothing cost more than the design says, and nothing was signed twice with different bytes.</p>'
      : `<ul class="bad">${problems.map((problem) => `<li>${escaped(problem)}</li>`).join("")}</ul>`;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Chaos, ${escaped(date)}</title>
<style>${style}</style>
<h1>Chaos: ${faults.length} faults in ${round(figures.seconds / 60)} minutes</h1>
<p class="soft">${escaped(date)}; <code>${escaped(command)}</code>; ${replicas},
${topology.hasRouter ? "a router" : "no router"}, ${nodes}.</p>
${verdict}
<table>
<tr><th>requests</th><td class="number">${asked}</td><th>with a signature</th><td class="number">${signed}</td></tr>
<tr><th>lost</th><td class="number">${whole.lost}</td><th>levels missed</th><td class="number">${whole.missed}</td></tr>
<tr><th>longest gap</th><td class="number">${seconds(whole.gapMs)}</td><th>slowest signature</th><td class="number">${seconds(whole.slowestMs)}</td></tr>
<tr><th>copies that came late to a device</th><td class="number">${figures.late.length}</td><th></th><td></td></tr>
<tr><th>signed twice with different bytes</th><td class="number">${doubled}</td><th>slowest signature without a fault</th><td class="number">${seconds(figures.quiet.slowestMs)}</td></tr>
</table>
<h2>Over time</h2>
<p class="soft">A bar is a fault. A tick is a signature, a cross is a lost request, and red is the time from a request to
the key's next signature, if that is a second or more.</p>
<div class="wide">
${timeline(events)}
</div>
<h2>Each kind of fault</h2>
<p class="soft">Of those that came alone.</p>
<table>
<tr><th>fault</th><th class="number">times</th><th class="number">gap, median</th><th class="number">worst</th><th class="number">lost</th><th class="number">levels missed</th></tr>
${kinds.map(kindRow).join("\n")}
</table>
<h2>Each fault</h2>
<p class="soft">All from its begin to the begin of the next one. A gap is the longest time from a request to the next
signature of its key.</p>
<div class="wide">
<table>
<tr><th>after</th><th>fault</th><th>of</th><th class="number">lasted</th><th class="number">gap</th><th class="number">allowed</th><th class="number">lost</th><th class="number">levels missed</th><th class="number">slowest</th><th>why it may cost that</th></tr>
${faults.map((fault) => rowOf(fault, events.began)).join("\n")}
</table>
</div>
${leftOutList(leftOut)}
</html>
`;
}

function rowOf(fault: JudgedFault, began: number): string {
  const { allowance, begin, causes, end, joined, kind, lost, target } = fault;
  const note = [joined && `with: ${joined}`, fault.note].filter((text) => text !== undefined && text !== "").join("; ");
  const name = `<span title="${escaped(faultKind(kind).title)}">${escaped(kind)}</span>${note ? `<br><span class="soft">${escaped(note)}</span>` : ""}`;
  const isLong = fault.gapMs > allowance.gapSeconds * 1000;
  const lostCell =
    lost === 0
      ? "0"
      : `<span${allowance.mayLose ? "" : ' class="bad"'} title="${escaped(causes.join(", "))}">${lost}</span>`;
  return `<tr><td class="number">${clock(begin - began)}</td><td>${name}</td><td>${escaped(target)}</td>${[
    seconds(end - begin),
    `<span${isLong ? ' class="bad"' : ""}>${gapOf(fault)}</span>`,
    `${round(allowance.gapSeconds)} s${allowance.mayLose ? "" : ", none lost"}`,
    lostCell,
    String(fault.missed),
    seconds(fault.slowestMs),
  ]
    .map((cell) => `<td class="number">${cell}</td>`)
    .join("")}<td class="soft">${escaped(allowance.reason)}</td></tr>`;
}

function kindRow({ kind, lost, medianGapMs, missed, times, worstGapMs }: KindFigures): string {
  const cells = [String(times), seconds(medianGapMs), seconds(worstGapMs), String(lost), String(missed)];
  return `<tr><td>${escaped(kind)}</td>${cells.map((cell) => `<td class="number">${cell}</td>`).join("")}</tr>`;
}

function gapOf({ gapKey, gapMs }: Cost): string {
  return gapKey === "" ? "nobody asked" : seconds(gapMs);
}

function leftOutList(leftOut: readonly LeftOut[]): string {
  if (leftOut.length === 0) return "";
  const items = leftOut.map(({ name, reason }) => `<li>${escaped(name)}: ${escaped(reason)}</li>`);
  return `<h2>Left out</h2>\n<ul>${items.join("")}</ul>`;
}

function seconds(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${round(ms / 1000)} s`;
}

/** A time of the run as minutes and seconds. */
function clock(ms: number): string {
  const whole = Math.floor(ms / 1000);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
