import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { load } from "js-yaml";
import { parseExposition } from "../deploy/observe/exposition.ts";
import { root } from "../local/machine/checkout.ts";
import { attempt, run } from "../local/machine/run.ts";
import { ensureTools } from "../local/toolchain/tools.ts";

/** A page of metrics, and the labels that its scraper gives each series. */
export type ScrapedPage = { readonly text: string; readonly labels?: Readonly<Record<string, string>> };

type Rules = { readonly groups: readonly { readonly rules: readonly { readonly alert: string; for?: string }[] }[] };

/**
 * The alerts whose expressions hold for pages that were scraped just now, whatever they would wait for.
 *
 * Those that look at a rate never do, because that takes two scrapes.
 */
export async function heldAlerts(pages: readonly ScrapedPage[]): Promise<string[]> {
  const { helm, promtool } = await ensureTools(["helm", "promtool"], console.error);
  const values = { hostKeySecret: "host-key", monitoring: { kind: "ConfigMap", namespace: "monitoring" } };
  const words = ["template", "a", join(root, "charts/signer-forwarder"), "--namespace", "prod", "--values", "-"];
  const text = await run(helm, [...words, "--show-only", "templates/prometheusfiles.yaml"], {
    input: JSON.stringify(values),
  });
  const { data } = load(text) as { data: { "alerts.yaml": string } };
  const { groups } = load(data["alerts.yaml"]) as Rules;
  const rules = groups.flatMap((group) => group.rules).map(({ for: _, ...rule }) => rule);
  const folder = mkdtempSync(join(tmpdir(), "rsc-held-"));
  try {
    writeFileSync(join(folder, "rules.yaml"), JSON.stringify({ groups: [{ name: "all", rules }] }));
    // The second sample is an hour after promtool's own beginning of time.
    const input_series = pages.flatMap(seriesOf).map((series) => ({ ...series, values: `_ ${series.values}` }));
    const alert_rule_test = rules.map(({ alert }) => ({ eval_time: "1h", alertname: alert, exp_alerts: [] }));
    const tests = [{ interval: "1h", input_series, alert_rule_test }];
    const file = join(folder, "tests.yaml");
    writeFileSync(file, JSON.stringify({ rule_files: ["rules.yaml"], evaluation_interval: "1h", tests }));
    const { all, code } = await attempt(promtool, ["test", "rules", file]);
    const held = [...all.matchAll(/alertname: (\w+), time: 1h/g)].map(([, alert]) => alert as string);
    if ((code === 0) !== (held.length === 0)) throw new Error(all);
    return held;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The series of a page in promtool's notation. A time keeps its age. */
function seriesOf({ text, labels = {} }: ScrapedPage): { series: string; values: string }[] {
  const target: Readonly<Record<string, string>> = { namespace: "prod", pod: "signer-forwarder-0", ...labels };
  return parseExposition(text).map(({ name, labels: own, value }) => {
    // A scraper keeps its own label, and renames the page's.
    const renamed = Object.entries(own).map(([label, each]) => [label in target ? `exported_${label}` : label, each]);
    const pairs = [...Object.entries(target), ...renamed].map(([label, each]) => `${label}=${JSON.stringify(each)}`);
    const shown = name.endsWith("_timestamp_seconds") ? value - Date.now() / 1000 + 3600 : value;
    return { series: `${name}{${pairs.join()}}`, values: String(shown).replace("Infinity", "Inf") };
  });
}
