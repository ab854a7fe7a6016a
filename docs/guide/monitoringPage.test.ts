import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { load } from "js-yaml";
import { root } from "../../local/machine/checkout.ts";
import { codeIn, rowsWith, tablesOf } from "../reference/markdownTables.ts";

type Rule = {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly runbook: string };
};
type Panel = { readonly targets: readonly { readonly expr: string; readonly legendFormat?: string }[] };

const read = (file: string): string => readFileSync(join(root, file), "utf8");
const { groups } = load(read("charts/signer-forwarder/alerts.yaml")) as { groups: { rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);
const { panels } = JSON.parse(read("charts/signer-forwarder/dashboard.json")) as { panels: Panel[] };
const targets = panels.flatMap((panel) => panel.targets);

/** The series of the reference page, each with its labels. A histogram has three. */
const series = new Map(
  rowsWith(tablesOf("metrics.md"), "metric").flatMap(({ metric, type, labels }) => {
    const name = codeIn(metric)[0] ?? "";
    const parts = type === "histogram" ? ["_bucket", "_count", "_sum"] : [""];
    return parts.map((part): [string, string[]] => [
      name + part,
      [...codeIn(labels), ...(part === "_bucket" ? ["le"] : [])],
    ]);
  }),
);
for (const { labels, "Octez' metric": name } of rowsWith(tablesOf("metrics.md"), "Octez' metric"))
  series.set(codeIn(name)[0] ?? "", ["pod", "container", ...codeIn(labels)]);
/** Of kube-state-metrics, and of the kubelet. */
series.set("kube_pod_container_status_ready", ["pod", "container"]);
for (const part of ["available", "capacity"])
  series.set(`kubelet_volume_stats_${part}_bytes`, ["persistentvolumeclaim"]);
/** The label of a target that is a host. */
const labelsOf = (name: string): string[] => ["namespace", "signer", ...(series.get(name) ?? [])];

/** The names of series in an expression, and the words that it uses as labels. */
function wordsOf(expr: string): { names: string[]; labels: string[] } {
  const names = [...expr.matchAll(/\b(?:signer|router|kube|kubelet|octez|dal)_[a-z0-9_]+/g)].map(([name]) => name);
  const matchers = [...expr.matchAll(/[{,](\w+)=~?"/g)].map(([, label]) => label as string);
  const lists = [...expr.matchAll(/\b(?:by|on) \(([^)]*)\)/g)].flatMap(([, list]) => (list as string).split(", "));
  return { names, labels: [...matchers, ...lists] };
}

test("the page has the alerts of the stack with their severity, and no others", () => {
  const rows = rowsWith(tablesOf("../guide/monitoring.md"), "alert").map(({ alert, severity }) => [
    codeIn(alert)[0],
    severity,
  ]);
  assert.deepEqual(
    rows,
    rules.map(({ alert, labels }) => [alert, labels.severity]),
  );
});

test("each series of a rule and of a panel is one of the reference, and so of the programs", () => {
  const used = [...rules, ...targets].map(({ expr }) => wordsOf(expr).names);
  for (const names of used) assert.ok(names.length > 0);
  assert.deepEqual(new Set(used.flat().filter((name) => !series.has(name))), new Set());
});

test("each label of a rule and of a panel is one of its series", () => {
  for (const { expr, legendFormat = "" } of [...rules.map(({ expr }) => ({ expr })), ...targets] as Panel["targets"]) {
    const { labels, names } = wordsOf(expr);
    const legend = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label as string);
    const known = names.flatMap(labelsOf);
    assert.deepEqual(
      [...labels, ...legend].filter((label) => !known.includes(label)),
      [],
      expr,
    );
  }
});

test("each selector of a rule and of a panel is of the stack's namespace", () => {
  for (const { expr } of [...rules, ...targets]) {
    const { names } = wordsOf(expr);
    assert.equal(expr.split('{namespace="NAMESPACE"').length - 1, names.length, expr);
  }
});

test("each alert says what to do, and leads to a heading of a page that there is", () => {
  for (const { alert, annotations } of rules) {
    assert.match(annotations.summary, /\.$/, alert);
    const [file = "", anchor] = annotations.runbook.split("#");
    assert.ok(existsSync(join(root, file)), annotations.runbook);
    assert.ok(anchor !== undefined && anchorsOf(read(file)).includes(anchor), annotations.runbook);
  }
});

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf(page: string): string[] {
  const headings = [...page.matchAll(/^#+ (.*)$/gm)].map(([, text]) => (text as string).toLowerCase());
  return headings.map((text) => text.replaceAll(/[^a-z0-9 _-]/g, "").replaceAll(" ", "-"));
}
