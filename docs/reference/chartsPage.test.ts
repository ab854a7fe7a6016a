import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { load } from "js-yaml";
import { root } from "../../local/machine/checkout.ts";
import { codeIn, tablesOf } from "./markdownTables.ts";

/** The part of a values.schema.json that concerns the keys. */
type Node = {
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly items?: Node;
};
type Schema = Node & { readonly definitions: Readonly<Record<string, Node>> };
type Values = Readonly<Record<string, unknown>>;

const charts = join(root, "charts");
/** Definitions that have one row each, whatever keys they contain. */
const whole = ["#/definitions/resources"];
/** Values that Helm itself sets. */
const helms = ["global"];

for (const chart of ["signer-forwarder", "baker"]) {
  const values = load(readFileSync(join(charts, chart, "values.yaml"), "utf8")) as Values;
  const schema = JSON.parse(readFileSync(join(charts, chart, "values.schema.json"), "utf8")) as Schema;
  const documented = Object.fromEntries(
    tablesOf("charts.md")
      .filter(({ columns, heading }) => heading === chart && columns.includes("value"))
      .flatMap(({ rows }) => rows)
      .map(({ default: text = "", value }) => [
        codeIn(value)[0] ?? "",
        text.startsWith("`") ? load(codeIn(text)[0] ?? "") : text,
      ]),
  );

  describe(`the values of the chart ${chart}`, () => {
    test("are those of its schema, with the defaults of its values.yaml", () => {
      assert.deepEqual(documented, rowsOf(schema, values));
    });

    test("have a row for each key of its values.yaml", () => {
      const missing = pathsOf(values).filter(
        // An object that is empty by default has rows for what may be in it.
        (path) =>
          !Object.keys(documented).some((row) => `${path}.`.startsWith(`${row}.`) || row.startsWith(`${path}.`)),
      );
      assert.deepEqual(missing, []);
    });
  });
}

/** A row for each value of the schema: its default, or, if values.yaml has none, whether it is required. */
function rowsOf(schema: Schema, values: Values): Record<string, unknown> {
  const rows: Record<string, unknown> = {};
  const walk = (node: Node, path: string, given: Values | undefined): void => {
    for (const [name, child] of Object.entries(node.properties ?? {})) {
      const childPath = path ? `${path}.${name}` : name;
      if (helms.includes(childPath)) continue;
      const { items, properties } = follow(schema, child);
      if (properties && !whole.includes(child.$ref ?? "")) {
        walk(follow(schema, child), childPath, given && (given[name] as Values));
        continue;
      }
      rows[childPath] = given && name in given ? given[name] : node.required?.includes(name) ? "required" : "none";
      if (items) walk(follow(schema, items), `${childPath}[]`, undefined);
    }
  };
  walk(schema, "", values);
  return rows;
}

/** Resolves a node's reference to a definition or to another place in the schema. */
function follow(schema: Schema, node: Node): Node {
  if (!node.$ref) return node;
  const steps = node.$ref.replace("#/", "").split("/");
  return steps.reduce<unknown>((at, step) => (at as Values)[step], schema) as Node;
}

function pathsOf(value: unknown, path = ""): string[] {
  if (!(value instanceof Object) || Array.isArray(value) || Object.keys(value).length === 0) return [path];
  return Object.entries(value).flatMap(([key, child]) => pathsOf(child, path ? `${path}.${key}` : key));
}
