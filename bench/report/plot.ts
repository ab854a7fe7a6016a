import type { LatencyRow } from "../measure/latency.ts";
import { signerForwarder } from "../variants/variant.ts";

const width = 900;
const left = 200;
const rowHeight = 20;
const panelGap = 58;

/** A panel of the plot. It shows the same cell for all variants. */
type Panel = { readonly title: string; readonly rows: readonly LatencyRow[] };

/** Draws p50 to p99 of each variant on logarithmic scales, with one panel for each kind of call. */
export function plot(rows: readonly LatencyRow[]): string {
  const panels = panelsOf(rows);
  const heights = panels.map((panel) => panel.rows.length * rowHeight + panelGap);
  const height = heights.reduce((sum, each) => sum + each, 40);
  let y = 40;
  const drawn = panels.map((panel, i) => {
    const text = drawPanel(panel, y);
    y += heights[i] ?? 0;
    return text;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">
<rect width="${width}" height="${height}" fill="white"/>
<text x="12" y="22" font-size="15" font-weight="bold">A signature, milliseconds: from p50 (dot) to p99 (bar)</text>
${drawn.join("\n")}
</svg>
`;
}

function panelsOf(rows: readonly LatencyRow[]): Panel[] {
  const signatures = rows.filter(
    ({ what, connections, pause }) => what === "signature" && connections === 1 && pause === 0,
  );
  const rtts = [...new Set(signatures.map(({ rtt }) => rtt))];
  return rtts.flatMap((rtt) =>
    [false, true].map((fresh) => ({
      title: `${rtt === 0 ? "no link between" : `a link of ${rtt} ms`}, ${fresh ? "a connection for each call" : "connections kept"}`,
      rows: signatures.filter((row) => row.rtt === rtt && row.fresh === fresh && row.p50 > 0),
    })),
  );
}

function drawPanel({ title, rows }: Panel, top: number): string {
  const values = rows.flatMap(({ p50, p99 }) => [p50, p99]);
  const [low, high] = [Math.min(...values) / 1.1, Math.max(...values) * 1.1];
  const x = (value: number): number => left + ((width - left - 100) * Math.log(value / low)) / Math.log(high / low);
  const bottom = top + 8 + rows.length * rowHeight;
  const grid = ticks(low, high).map(
    (
      value,
    ) => `<line x1="${x(value).toFixed(1)}" x2="${x(value).toFixed(1)}" y1="${top + 6}" y2="${bottom}" stroke="#ddd"/>
<text x="${x(value).toFixed(1)}" y="${bottom + 14}" text-anchor="middle" fill="#666" font-size="11">${value}</text>`,
  );
  const lines = rows.map(({ variant, p50, p99 }, i) => {
    const y = top + 8 + (i + 0.5) * rowHeight;
    const color = variant === signerForwarder ? "#c2410c" : "#475569";
    const [from, to] = [x(p50).toFixed(1), x(p99).toFixed(1)];
    return `<text x="${left - 10}" y="${y + 4}" text-anchor="end" fill="${color}">${xml(variant)}</text>
<line x1="${from}" x2="${to}" y1="${y}" y2="${y}" stroke="${color}" stroke-width="5" stroke-opacity="0.45"/>
<circle cx="${from}" cy="${y}" r="4" fill="${color}"/>
<text x="${Number(to) + 8}" y="${y + 4}" fill="${color}" font-size="11">${p50} / ${p99}</text>`;
  });
  return `<text x="12" y="${top}" font-weight="bold">${xml(title)}</text>\n${[...grid, ...lines].join("\n")}`;
}

/** 1, 2 and 5 of each power of ten between two values. */
function ticks(low: number, high: number): number[] {
  const all: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
    for (const step of [1, 2, 5]) all.push(Number((step * 10 ** power).toPrecision(1)));
  }
  return all.filter((value) => value > low && value < high);
}

function xml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
