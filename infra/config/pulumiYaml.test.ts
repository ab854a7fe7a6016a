import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { load } from "js-yaml";
import { parseConfig } from "./config.ts";
import { ConfigError } from "./configError.ts";

type Declared = Record<string, { default?: unknown; secret?: boolean; value?: unknown }>;
const file = readFileSync(join(import.meta.dirname, "../../Pulumi.yaml"), "utf8");
const { config } = load(file) as { config: Declared };
// A key with a colon belongs to another program.
const declared = Object.entries(config).filter(([key]) => !key.includes(":"));

/** The values that the CLI passes for a stack whose config has only its cluster: every declared default. */
function defaults(): Record<string, string> {
  const values = declared.flatMap(([key, { default: value }]): [string, string][] =>
    value === undefined ? [] : [[key, typeof value === "string" ? value : JSON.stringify(value)]],
  );
  return { ...Object.fromEntries(values), cluster: JSON.stringify({ kind: "existing", context: "here" }) };
}

test("Pulumi.yaml declares the keys that the program knows, and no others", () => {
  const known = parseConfigWith({ unknown: "1" });
  assert.deepEqual(known, [': an unknown key "unknown"']);
  for (const [key] of declared) {
    assert.notDeepEqual(parseConfigWith({ [key]: "7" }), [], `${key} is checked`);
    assert.ok(!parseConfigWith({ [key]: "7" }).some((problem) => problem.includes("unknown key")), key);
  }
});

test("its defaults are the program's: a stack that says only its cluster makes only a cluster", () => {
  const parsed = parseConfig("dev", defaults());
  const { cluster } = defaults();
  assert.deepEqual(parsed, parseConfig("dev", { cluster: String(cluster) }));
  assert.deepEqual(parsed, {
    cluster: { kind: "existing", context: "here" },
    forwarder: { replicas: 1 },
    signers: [],
    bakers: [],
    outsideBakers: [],
    images: {},
  });
});

test("it requires what has no default", () => {
  const required = declared.filter(([, { default: value }]) => value === undefined).map(([key]) => key);
  assert.deepEqual(required, ["cluster"]);
  const { cluster, ...rest } = defaults();
  assert.throws(() => parseConfig("dev", rest), /cluster: found nothing/);
});

test("the CLI refuses a default of a secret, so no key is both", () => {
  for (const [key, { default: value, secret }] of declared) assert.ok(!(secret && value !== undefined), key);
});

function parseConfigWith(change: Record<string, string>): string[] {
  try {
    parseConfig("dev", { ...defaults(), ...change });
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.problems.map(({ path, found }) => `${path}: ${found}`);
  }
}
