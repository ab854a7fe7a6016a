import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { load } from "js-yaml";
import { z } from "zod";
import { schema } from "../../infra/config/config.ts";
import { root } from "../../local/machine/checkout.ts";
import { codeIn, rowsWith, tablesOf } from "./markdownTables.ts";

/** The part of a JSON Schema that concerns the keys. */
type Node = {
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly items?: Node;
  readonly oneOf?: readonly Node[];
  readonly anyOf?: readonly Node[];
  readonly default?: unknown;
  readonly const?: unknown;
  /** Nothing fits it: a key of earlier versions, which is rejected. */
  readonly not?: object;
};
type Key = { readonly isRequired: boolean; readonly default: unknown };

/** Every key that takes a value, by its path. An object is represented by its keys. */
function keysOf(node: Node, path = ""): Map<string, Key> {
  const keys = new Map<string, Key>();
  for (const variant of variantsOf(node)) {
    for (const [name, child] of Object.entries(variant.properties ?? {})) {
      if (child.not) continue;
      const childPath = path ? `${path}.${name}` : name;
      const inner = keysOf(child.items ?? child, child.items ? `${childPath}[]` : childPath);
      const mayBeOneValue = variantsOf(child).some((one) => one.const !== undefined);
      if (child.items || inner.size === 0 || mayBeOneValue) {
        const isRequired = variant.required?.includes(name) ?? false;
        keys.set(childPath, { isRequired, default: child.default });
      }
      for (const [key, value] of inner) keys.set(key, value);
    }
  }
  return keys;
}

function variantsOf(node: Node): readonly Node[] {
  return node.oneOf ?? node.anyOf ?? [node];
}

const keys = keysOf(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Node);
/** The keys of the schema's output. Only there does zod list the default of a transformed value. */
const parsed = keysOf(z.toJSONSchema(schema, { io: "output", unrepresentable: "any" }) as Node);
const rows = new Map(
  rowsWith(tablesOf("config.md"), "key").map(({ key, default: text = "" }) => [codeIn(key)[0] ?? "", text]),
);

/** The charts' values, by the paths of the config keys that set them. */
const chartValues = ((): Record<string, unknown> => {
  const forwarder = valuesOf("signer-forwarder");
  const { image: octez, backup, votes, ...baker } = valuesOf("baker");
  const { image: backupImage, ...schedule } = backup as Record<string, unknown>;
  return leavesOf({
    "bakers[]": { ...baker, ...(votes as object), backup: schedule },
    images: { signerForwarder: forwarder.image, octez, backup: backupImage },
    monitoring: forwarder.monitoring,
  });
})();

function valuesOf(chart: string): Record<string, unknown> {
  const file = join(root, "charts", chart, "values.yaml");
  return load(readFileSync(file, "utf8")) as Record<string, unknown>;
}

function leavesOf(value: unknown, path = ""): Record<string, unknown> {
  if (!(value instanceof Object) || Array.isArray(value)) return { [path]: value };
  const entries = Object.entries(value).map(([key, child]) => leavesOf(child, path ? `${path}.${key}` : key));
  return Object.assign({}, ...entries);
}

test("the config reference has the keys of the config's schema, and no others", () => {
  assert.ok(keys.size > 0);
  assert.deepEqual([...rows.keys()].sort(), [...keys.keys()].sort());
});

test("it calls the keys required that the schema requires, and no others", () => {
  const required = [...keys].filter(([, { isRequired }]) => isRequired).map(([key]) => key);
  const documented = [...rows].filter(([, text]) => text === "required").map(([key]) => key);
  assert.deepEqual(documented.sort(), required.sort());
});

test("its defaults are the schema's, and for what the schema leaves to a chart, the chart's", () => {
  for (const [key, { isRequired }] of keys) {
    const inSchema = parsed.get(key)?.default;
    const inChart = isRequired ? undefined : chartValues[key];
    // An empty value in a chart is no default. The page describes in words what applies instead.
    const expected = inSchema ?? (inChart === "" ? undefined : inChart);
    const [code] = /^`([^`]+)`$/.exec(rows.get(key) ?? "")?.slice(1) ?? [];
    assert.deepEqual(code === undefined ? undefined : load(code), expected, `the default of ${key}`);
  }
});
