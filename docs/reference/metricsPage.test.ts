import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../local/machine/checkout.ts";
import { codeIn, rowsWith, tablesOf } from "./markdownTables.ts";

const read = (file: string): string => readFileSync(join(root, file), "utf8");
/** The Go files of a program, without tests. */
const filesOf = (folder: string): string[] =>
  globSync(`${folder}/**/*.go`, { cwd: root }).filter((file) => !file.endsWith("_test.go"));
const files = [...filesOf("signer-forwarder"), ...filesOf("signer-host")].map(read);
const source = files.join("\n");
const tables = tablesOf("metrics.md");
const metrics = rowsWith(tables, "metric");
/** The values that a label can have, according to the page. */
const valuesOf = (label: string): string[] =>
  rowsWith(tables, "value")
    .filter((row) => codeIn(row.label)[0] === label)
    .flatMap((row) => codeIn(row.value));
const unique = (texts: Iterable<string>): string[] => [...new Set(texts)].sort();

test("the metrics page has the metrics of the Go source, and no others", () => {
  const made = unique([...source.matchAll(/"((?:signer|router)_[a-z_]+)"/g)].map(([, name]) => name as string));
  assert.ok(made.some((name) => name.startsWith("signer_host_")) && made.includes("signer_tunnel_up"), made.join());
  assert.deepEqual(unique(metrics.flatMap(({ metric }) => codeIn(metric))), made);
});

test("each metric has the labels that the Go source gives it", () => {
  for (const { labels, metric } of metrics) {
    const [name = ""] = codeIn(metric);
    assert.deepEqual(codeIn(labels), labelsOf(name), name);
  }
});

/**
 * The labels that the Go source gives a metric.
 *
 * They are the quoted single words up to the next metric or an empty line, or a list `labels` that the file's metrics share.
 */
function labelsOf(name: string): string[] {
  const file = files.find((text) => text.includes(`"${name}"`)) ?? "";
  const [block = ""] = file.slice(file.indexOf(`"${name}"`) + 1).split(/"(?:signer|router)_|\n\n/);
  const words = (text: string) => [...text.matchAll(/"([a-z]+)"/g)].map(([, word]) => word as string);
  const shared = /^\tlabels := \[\]string\{(.*)\}$/m.exec(file)?.[1] ?? "";
  const own = words(block);
  return [...new Set(own.length > 0 ? own : words(shared))];
}

/** The words that a pattern finds in a Go file, without duplicates. */
function wordsIn(file: string, pattern: RegExp): string[] {
  const words = unique([...read(file).matchAll(pattern)].map(([, word]) => word as string));
  assert.ok(words.length > 0, `found nothing of ${pattern} in ${file}`);
  return words;
}

test("the kinds are those that the Go source reads out of a payload", () => {
  const kinds = wordsIn("internal/payload/payload.go", /\n\tcase \w+:\n\t\treturn "(\w+)"/g);
  assert.deepEqual(unique(valuesOf("kind")), kinds);
});

test("the reasons are those of the gateway and of the guard, and no others", () => {
  const gateway = wordsIn("signer-forwarder/internal/gateway/record.go", /\bRefusal = "([^"]+)"/g);
  const guard = wordsIn("signer-forwarder/internal/guard/rule.go", /\bReason = "([^"]+)"/g);
  assert.deepEqual(unique(valuesOf("reason")), unique([...gateway, ...guard]));
});

test("the causes are those of the gateway, with the states of a device", () => {
  const prefix = wordsIn("signer-forwarder/internal/gateway/record.go", /\bcauseDevice += "([^"]+)"/g).join();
  const [list = ""] = wordsIn("signer-forwarder/internal/gateway/check.go", /^var devices = \[\]string\{(.*)\}$/gm);
  const said = [...list.matchAll(/"([^"]+)"/g)].map(([, word]) => word as string);
  const found = wordsIn("signer-forwarder/internal/gateway/signer.go", /\bcauseDevice \+ "([^"]+)"/g);
  assert.ok(said.length > 0);
  const causes = wordsIn("signer-forwarder/internal/gateway/record.go", /\bCause += "([^"]+)"/g);
  assert.deepEqual(unique(valuesOf("cause")), unique([...causes, ...[...said, ...found].map((word) => prefix + word)]));
});

test("each cause of a connection that did not become a session is a word of the Go source", () => {
  const causes = causesOfConnections();
  assert.ok(causes.length > 0);
  for (const cause of causes) assert.ok(source.includes(`"${cause}"`), cause);
});

/** The causes of connections, which have a separate table. */
function causesOfConnections(): string[] {
  return rowsWith(tables, "`cause`").flatMap((row) => codeIn(row["`cause`"]));
}
