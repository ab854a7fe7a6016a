import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, test } from "node:test";
import { load } from "js-yaml";
import { parseConfig, type StackConfig, schema as schemaOfConfig } from "../../infra/config/config.ts";
import { root } from "../../local/machine/checkout.ts";
import { candidates } from "./candidates.ts";
import { good, hostKey, hostKeyFingerprint, notTheConfigs, places } from "./chartPlaces.ts";
import { at, isValid, type JsonSchema } from "./jsonSchema.ts";
import { runProgram } from "./runProgram.ts";
import { openStackFile, readStackFile } from "./stackFile.ts";

type Tree = { [key: string]: unknown };

const bounds =
  "pattern minLength maxLength minimum maximum enum const not anyOf minItems uniqueItems maxProperties propertyNames".split(
    " ",
  );

/**
 * Every place of a schema that has a bound, with its part of the schema.
 *
 * In its path, `0` stands for a list's entries and `*` for additional keys.
 */
function boundPlaces(schema: JsonSchema, whole: JsonSchema, path: readonly string[] = []): [string, JsonSchema][] {
  if (typeof schema.$ref === "string") return boundPlaces(at(whole, schema.$ref), whole, path);
  const inner = (key: string, part: unknown) =>
    part instanceof Object ? boundPlaces(part as JsonSchema, whole, [...path, key]) : [];
  return [
    ...(bounds.some((bound) => bound in schema) ? [[path.join("."), schema] as [string, JsonSchema]] : []),
    ...Object.entries((schema.properties as JsonSchema | undefined) ?? {}).flatMap(([key, part]) => inner(key, part)),
    ...inner("0", schema.items),
    ...inner("*", schema.additionalProperties),
  ];
}

function get(tree: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((part, key) => (part as Tree | undefined)?.[key], tree);
}

/** The config after a change of one place, or undefined if that is rejected. */
function parsedWith(path: string, value: unknown): StackConfig | undefined {
  const config = structuredClone(good) as Tree & typeof good;
  const keys = path.split(".");
  const last = keys.pop() as string;
  if (path === "endpoint.nodePort") config.endpoint = { host: "a" } as typeof good.endpoint;
  if (path === "endpoint.second.nodePort")
    config.endpoint = { host: "a", nodePort: 32000, second: {} } as unknown as typeof good.endpoint;
  const holder = keys.length > 0 ? (get(config, keys.join(".")) as Tree) : config;
  holder[last] = value;
  // This half of parseConfig rejects most changes, in a tenth of the time. An empty top-level key counts as not given.
  if (keys.length > 0 && !schemaOfConfig.safeParse(config).success) return undefined;
  const texts = Object.entries(config).map(([key, part]) => [key, JSON.stringify(part)]);
  try {
    return parseConfig("prod", { ...Object.fromEntries(texts), hostKey, hostKeyFingerprint });
  } catch {
    return undefined;
  }
}

/** The value that the chart gets for a place. */
function given(config: StackConfig, path: string): unknown {
  const value = get(config, path.replace("endpoint.second.", "secondEndpoint."));
  if (path === "monitoring.kind" && value === "none") return "";
  return value instanceof Object && "line" in value ? value.line : value;
}

for (const chart of Object.keys(places)) {
  const read = (file: string) => readFileSync(resolve(root, "charts", chart, file), "utf8");
  const schema = JSON.parse(read("values.schema.json")) as JsonSchema;
  const values = load(read("values.yaml")) as Tree;
  const known = places[chart] as Readonly<Record<string, string>>;
  const bound = boundPlaces(schema, schema);

  test(`every place of the ${chart} chart that has a bound is the config's, or is known not to be`, () => {
    const paths = bound.map(([path]) => path);
    assert.deepEqual(
      paths.filter((path) => !(path in known) && !notTheConfigs.test(path)),
      [],
    );
    assert.deepEqual(
      Object.keys(known).filter((path) => !paths.includes(path)),
      [],
    );
  });

  describe(`the config refuses what the ${chart} chart would`, () => {
    for (const [path, part] of bound.filter(([path]) => path in known)) {
      const place = known[path] as string;
      // The content of a list or an object has separate places.
      const { items: _, additionalProperties: __, ...alone } = part;
      test(`as ${place}`, () => {
        const fed = candidates(get(good, place) ?? 30022);
        assert.ok(parsedWith(place, get(good, place) ?? 30022), "a good value is taken");
        for (const value of fed) {
          const config = parsedWith(place, value);
          if (config) assert.ok(isValid(alone, given(config, place), schema), `${JSON.stringify(value)} is taken`);
        }
        for (const keyword of bounds.filter((keyword) => keyword in part)) {
          const broken = fed.filter((value) => !isValid({ [keyword]: part[keyword] }, value, schema));
          assert.ok(broken.length > 0, `nothing is fed that breaks ${keyword}`);
        }
      });

      const own = get(values, path);
      if (typeof own !== "object" && own !== undefined && own !== "" && own !== 0)
        test(`and as ${place} takes the chart's own ${own}`, () => assert.ok(parsedWith(place, own)));
    }
  });
}

test("the dev stack gives the charts what their schemas want", async () => {
  process.chdir(root);
  const stack = "Pulumi.dev.yaml";
  const { resources } = await runProgram("dev", openStackFile(readStackFile(stack), "dev", stack));
  const charts = resources.filter(({ type }) => type.endsWith(":Chart")).map(({ inputs }) => inputs);
  assert.deepEqual(charts.map(({ chart }) => chart).sort(), ["./charts/baker", "./charts/signer-forwarder"]);
  for (const { chart, values } of charts) {
    const defaults = load(readFileSync(`${chart}/values.yaml`, "utf8")) as Tree;
    const schema = JSON.parse(readFileSync(`${chart}/values.schema.json`, "utf8")) as JsonSchema;
    assert.ok(isValid(schema, merged(defaults, values as Tree)), String(chart));
    assert.ok(!isValid(schema, merged(defaults, { ...(values as Tree), keys: [], signers: [{}] })), "the check checks");
  }
});

function merged(defaults: Tree, values: Tree): Tree {
  const isTree = (value: unknown): value is Tree => value instanceof Object && !Array.isArray(value);
  const entries = Object.entries(values).map(([key, value]): [string, unknown] => {
    const before = defaults[key];
    return [key, isTree(value) && isTree(before) ? merged(before, value) : value];
  });
  return { ...defaults, ...Object.fromEntries(entries) };
}
