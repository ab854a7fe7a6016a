import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseExposition } from "../deploy/observe/exposition.ts";
import { root } from "../local/machine/checkout.ts";

/** The names of all series of the forwarder and of the signers' hosts that an alert or the dashboard looks at. */
export function watchedSeries(): string[] {
  const files = ["alerts.yaml", "dashboard.json"].map((file) => join(root, "charts/signer-forwarder", file));
  const names = files.flatMap((file) => readFileSync(file, "utf8").match(/\bsigner_[a-z_]+(?=\{namespace=)/g) ?? []);
  return [...new Set(names)].sort();
}

/** The names of the series on a page of metrics. */
export function seriesOn(page: string): Set<string> {
  return new Set(parseExposition(page).map(({ name }) => name));
}
