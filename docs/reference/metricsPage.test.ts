import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../local/machine/checkout.ts";
import { codeIn, rowsWith, tablesOf } from "./markdownTables.ts";

const programs = globSync("signer-forwarder/**/*.go", { cwd: root }).filter((file) => !file.endsWith("_test.go"));
const source = programs.map((file) => readFileSync(join(root, file), "utf8")).join("\n");
const gateway = readFileSync(join(root, "charts/signer-forwarder/haproxy.cfg"), "utf8");
const tables = tablesOf("metrics.md");
const metrics = rowsWith(tables, "metric");
/** The values that a label can have, according to the page. */
const valuesOf = (label: string): string[] =>
  rowsWith(tables, "value")
    .filter((row) => codeIn(row.label)[0] === label)
    .flatMap((row) => codeIn(row.value));
const unique = (texts: Iterable<string>): string[] => [...new Set(texts)].sort();

test("the metrics page has the metrics of the Go source, and no others", () => {
  const made = unique([...source.matchAll(/"(signer_[a-z_]+)"/g)].map(([, name]) => name as string));
  assert.ok(made.length > 0, "found no metric in the Go source");
  assert.deepEqual(unique(metrics.flatMap(({ metric }) => codeIn(metric))), made);
});

test("each metric has the labels that the Go source gives it", () => {
  for (const { labels, metric } of metrics) {
    const [name = ""] = codeIn(metric);
    // The block ends at the next metric or an empty line. Its labels are the quoted single words.
    const [block = ""] = source.slice(source.indexOf(`"${name}"`) + 1).split(/"signer_|\n\n/);
    const given = [...block.matchAll(/"([a-z]+)"/g)].map(([, word]) => word as string);
    assert.deepEqual(codeIn(labels), [...new Set(given)], name);
  }
});

test("each value of a label is a word of the Go source", () => {
  const values = [...["kind", "key", "cause", "reason"].flatMap(valuesOf), ...causesOfConnections()];
  for (const value of values) assert.ok(source.includes(`"${value}"`), value);
});

test("the reasons and causes are those that the gateway writes down", () => {
  const words = (variable: string): string[] =>
    unique(
      [...gateway.matchAll(new RegExp(`txn\\.${variable}[^)]*\\) str\\("?([^")]+)"?\\)`, "g"))].map(
        ([, word]) => word as string,
      ),
    );
  assert.deepEqual(unique(valuesOf("reason")), words("refused"));
  // The gateway writes "baker gone" at once, before there is an answer. The listener uses `other` for unknown causes.
  assert.ok(gateway.includes(`'"cause":"baker gone"'`));
  assert.deepEqual(unique(valuesOf("cause")), unique([...words("cause"), "baker gone", "other"]));
});

/** The causes of connections, which have a separate table. */
function causesOfConnections(): string[] {
  return rowsWith(tables, "`cause`").flatMap((row) => codeIn(row["`cause`"]));
}
