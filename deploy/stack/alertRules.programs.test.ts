import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { load } from "js-yaml";
import { root } from "../../local/machine/checkout.ts";
import { run } from "../../local/machine/run.ts";
import { ensureTools } from "../../local/toolchain/tools.ts";
import { type AlertCase, alertCases, type Series } from "./alertCases.ts";
import type { Manifest } from "./manifest.ts";
import { readManifests } from "./manifests.ts";

// promtool calls a test of an alert that no rule has a success, and a rule file that isn't there too. So the alerts of the
// rules are compared with those of the cases.

type Rule = { alert: string; annotations: Record<string, string>; labels: Record<string, string> };
type Rules = { groups: { rules: Rule[] }[] };

const folder = mkdtempSync(join(tmpdir(), "rsc-alerts-"));
const key = {
  name: "main",
  address: "tz1VSUr8wwNhLAzempoch5d6hLRiTh8Cjcjb",
  publicKey: "edpkvGfYw3LyB1UcCahKQk4rF2tvbMUk8GFiTuMjL75uGXrpvKXhjn",
  signerUrl: "http://signer-home.prod.svc.cluster.local:8443",
};
let promtool = "";
let rules: Rule[] = [];

/** The rules that the chart renders for a stack `prod`. */
async function render(kind: string, values: Record<string, unknown> = {}): Promise<Rules> {
  const [rules] = await renderTemplate("alerts", { kind, namespace: "monitoring", ...values });
  return rules?.spec as Rules;
}

async function renderTemplate(template: string, monitoring: Record<string, unknown>): Promise<Manifest[]> {
  const signers = ["home", "on"].map((name, i) => ({ name, port: 8443 + i }));
  return renderOf("signer-forwarder", template, { hostKeySecret: "host-key", signers, monitoring });
}

async function renderOf(chart: string, template: string, values: Record<string, unknown>): Promise<Manifest[]> {
  const { helm } = await ensureTools(["helm"], console.error);
  const words = ["template", chart, join(root, "charts", chart), "--namespace", "prod", "--values", "-"];
  const input = JSON.stringify(values);
  return readManifests(await run(helm, [...words, "--show-only", `templates/${template}.yaml`], { input }));
}

/** The file of a ConfigMap for a Prometheus without an operator, as one that promtool can check. */
function scrapeIn(configMap: Manifest | undefined): string {
  const files = configMap?.data as Record<string, string>;
  // promtool is built without the client of Kubernetes.
  const discovery = /kubernetes_sd_configs:\n.*\n.*\n/g;
  return files["scrape.yaml"]?.replaceAll(discovery, "static_configs: [{ targets: ['a:1'] }]\n") ?? "";
}

before(async () => {
  ({ promtool } = await ensureTools(["promtool"], console.error));
  const spec = await render("PodMonitor");
  rules = spec.groups.flatMap((group) => group.rules);
  writeFileSync(join(folder, "rules.yaml"), JSON.stringify(spec));
  // The annotations are compared below. promtool would want the whole text of each.
  const bare = spec.groups.map((group) => ({
    ...group,
    rules: group.rules.map(({ annotations: _, ...rule }) => rule),
  }));
  writeFileSync(join(folder, "bare.yaml"), JSON.stringify({ groups: bare }));
});
after(() => rmSync(folder, { recursive: true, force: true }));

const inOther = (series: Series): Series => ({ ...series, labels: { ...series.labels, namespace: "other" } });

/** A test of promtool: what fires of one alert at a time. */
function unitTest(alert: string, { at, labels, series }: AlertCase, others: readonly Series[]) {
  const severity = rules.find((rule) => rule.alert === alert)?.labels.severity;
  const input = [...series, ...others.map(inOther)].map(({ labels, name, values }) => {
    const pairs = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
    return { series: `${name}{${pairs.join()}}`, values };
  });
  const exp_alerts = labels ? [{ exp_labels: { namespace: "prod", severity, ...labels } }] : [];
  return { interval: "15s", input_series: input, alert_rule_test: [{ eval_time: at, alertname: alert, exp_alerts }] };
}

/** Runs tests of promtool, and returns its complaint if one fails. */
async function complaint(tests: unknown[]): Promise<string | undefined> {
  const file = join(folder, "tests.yaml");
  writeFileSync(file, JSON.stringify({ rule_files: ["bare.yaml"], evaluation_interval: "6s", tests }));
  return run(promtool, ["test", "rules", file]).then(
    () => undefined,
    (error: Error) => error.message,
  );
}

test("promtool finds nothing wrong with the rules", async () => {
  await run(promtool, ["check", "rules", "--lint=all", "--lint-fatal", join(folder, "rules.yaml")]);
});

test("each alert has cases, and each case an alert", () => {
  assert.deepEqual(Object.keys(alertCases).sort(), rules.map(({ alert }) => alert).sort());
});

for (const [alert, cases] of Object.entries(alertCases)) {
  const [first] = Object.values(cases).filter(({ labels }) => labels);
  describe(alert, () => {
    for (const [name, each] of Object.entries(cases)) {
      // In another stack it is the other way round, or the same.
      const others = alert === "ForwarderNotScraped" ? cases["while it is scraped"] : first;
      test(`${each.labels ? "fires" : "does not fire"} ${name}`, async () => {
        assert.equal(await complaint([unitTest(alert, each, others?.series ?? [])]), undefined);
      });
    }

    test("has a case that fires and one that does not", () => {
      const fires = Object.values(cases).map(({ labels }) => labels !== undefined);
      assert.deepEqual([...new Set(fires)].sort(), [false, true]);
    });

    test("speaks of labels that it has", () => {
      const summary = rules.find((rule) => rule.alert === alert)?.annotations.summary ?? "";
      const used = [...summary.matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label as string);
      const known = ["namespace", ...Object.keys(first?.labels ?? {})];
      assert.deepEqual(
        used.filter((label) => !known.includes(label)),
        [],
      );
    });
  });
}

test("promtool would complain of a case that does not hold", async () => {
  const [down] = Object.values(alertCases.SignerTunnelDown ?? {});
  assert.ok(down);
  assert.match((await complaint([unitTest("SignerTunnelDown", { ...down, at: "0s" }, [])])) ?? "", /FAILED/);
});

test("Google's rules are the same, and the minutes of silence are the config's", async () => {
  assert.deepEqual(await render("PodMonitoring"), await render("ServiceMonitor"));
  const text = JSON.stringify(await render("PodMonitor", { silentMinutes: 45 }));
  assert.match(text, /\[45m\].*60 \* 45.*for 45 minutes/);
  assert.doesNotMatch(text, /NAMESPACE|SILENT_MINUTES/);
});

test("a Prometheus without an operator takes the files of the ConfigMap, and has the same rules", async () => {
  const [configMap] = await renderTemplate("prometheusfiles", { kind: "ConfigMap", namespace: "monitoring" });
  const files = configMap?.data as Record<string, string>;
  const [ofBaker] = await renderOf("baker", "monitoring", {
    network: "mainnet",
    delegates: [key.address],
    keys: [key],
    monitoring: { kind: "ConfigMap", namespace: "monitoring" },
  });
  writeFileSync(join(folder, "scrape.yaml"), scrapeIn(configMap));
  writeFileSync(join(folder, "scrape-baker.yaml"), scrapeIn(ofBaker));
  writeFileSync(join(folder, "alerts.yaml"), files["alerts.yaml"] ?? "");
  const main = join(folder, "prometheus.yaml");
  writeFileSync(main, "{ rule_files: [alerts.yaml], scrape_config_files: [scrape.yaml, scrape-baker.yaml] }\n");
  assert.match(await run(promtool, ["check", "config", "--lint=all", "--lint-fatal", main]), /21 rules found/);
  assert.deepEqual(load(files["alerts.yaml"] ?? ""), await render("PodMonitor"));
});
