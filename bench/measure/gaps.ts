import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../../local/machine/checkout.ts";
import { attempt } from "../../local/machine/run.ts";

/** What the report of `npm run chaos` says of a kind of fault. */
type Kind = {
  readonly kind: string;
  readonly times: number;
  readonly medianGapMs: number;
  readonly worstGapMs: number;
  readonly lost: number;
};

/** What a fault costs the bakers of a stack of some size. */
export type GapRow = Kind & { readonly size: string };

const everywhere = [
  "tunnel killed",
  "uplink cut and back",
  "uplink cut",
  "forwarder pod deleted",
  "forwarder rolled out",
];

/** The stacks, and the faults that are measured there: with one replica a node's are all about where its pod is. */
const sizes: readonly (readonly [size: string, replicas: number, faults: readonly string[]])[] = [
  ["one replica, one uplink", 1, everywhere],
  ["two replicas, two uplinks", 2, [...everywhere, "node cut", "node drained"]],
];

/** Has `npm run chaos` do each fault so many times, at a stack with one replica and at one with two. */
export async function measureGaps(times: number, progress: (line: string) => void): Promise<GapRow[]> {
  const rows: GapRow[] = [];
  const out = mkdtempSync(join(tmpdir(), "rsc-bench-gaps-"));
  try {
    for (const [size, replicas, faults] of sizes) {
      progress(`gaps: ${size}, ${faults.length} faults, each ${times} times`);
      const shape = ["--replicas", String(replicas), "--nodes", String(replicas)];
      const words = ["--each", String(times), "--only", faults.join(","), ...shape, "--out", out];
      const { code, all } = await attempt("npm", ["run", "--silent", "chaos", "--", ...words], { cwd: root });
      // 1: a fault cost more than it may, which the rows show as well.
      if (code !== 0 && code !== 1) throw new Error(`npm run chaos ended with ${code}:\n${all}`);
      const { figures } = JSON.parse(readFileSync(join(out, "report.json"), "utf8")) as {
        figures: { kinds: Kind[] };
      };
      rows.push(...figures.kinds.map((kind) => ({ ...kind, size })));
    }
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
  return rows;
}
