import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { load } from "js-yaml";
import { root } from "../../local/machine/checkout.ts";

/** The default image of a chart of this project. */
export function readChart(name: string): { repository: string; appVersion: string } {
  const read = (file: string) => load(readFileSync(resolve(root, "charts", name, file), "utf8"));
  const { appVersion } = read("Chart.yaml") as { appVersion: string };
  const { image } = read("values.yaml") as { image: { repository: string } };
  return { repository: image.repository, appVersion };
}
