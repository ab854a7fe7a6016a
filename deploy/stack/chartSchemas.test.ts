import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, test } from "node:test";
import { load } from "js-yaml";
import { parseConfig, type StackConfig, schema as schemaOfConfig } from "../../infra/config/config.ts";
import { parseHostKey } from "../../infra/keys/sshKey.ts";
import { root } from "../../local/machine/checkout.ts";
import { candidates } from "./candidates.ts";
import { at, isValid, type JsonSchema } from "./jsonSchema.ts";
import { runProgram } from "./runProgram.ts";
import { openStackFile, readStackFile } from "./stackFile.ts";

type Tree = { [key: string]: unknown };

// The fastest kind to read, because each of the thousands of configs below has it.
const hostKey = String(generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }));
const hostKeyFingerprint = parseHostKey(hostKey).fingerprint;
const signer = {
  name: "home",
  sshPublicKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICQRUWv/IFj9LhFlAiBNf2LpKS6FQJoGI37wOA48PHyK",
  nextSshPublicKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICQRUWv/IFj9LhFlAiBNf2LpKS6FQJoGI37wOA48AAAA",
  answerSeconds: 5,
  port: 8443,
};
const bakerKey = {
  name: "main",
  address: "tz1KqTpEZ7Yob7QbPE4Hy4Wo8fHG8LhKxZSx",
  publicKey: "edpkuBknW28nW72KG6RoHtYW7p12T6GKc7nAbwYX5m8Wd9sDVC9yav",
  signer: "home",
};
const good = {
  cluster: { kind: "existing", context: "local", podCidrs: ["10.244.0.0/16", "fd00::/64"] },
  endpoint: { host: "a", port: 22, alternatePorts: [443, 8443], sourceRanges: ["203.0.113.0/24", "2001:db8::/32"] },
  signers: [signer],
  bakers: [
    {
      name: "alice",
      network: "mainnet",
      keys: [bakerKey],
      liquidityBakingToggleVote: "on",
      historyMode: "full:5",
      chainId: "NetXdQprcVkpaWU",
      minimalBlockSeconds: 6,
      snapshotUrl: "https://snapshots.example.org/rolling",
      storage: { size: "100Gi", className: "premium-rwo.fast" },
      backup: { schedule: "17 3 * * *", keep: 7, snapshotClassName: "mine" },
    },
  ],
  monitoring: {
    kind: "PodMonitor",
    namespace: "monitoring",
    interval: "15s",
    labels: { release: "prometheus" },
    silentMinutes: 10,
  },
  images: Object.fromEntries(
    ["signerForwarder", "octez", "backup"].map((name) => [
      name,
      { repository: "registry.example:5000/a/b", tag: "1.0" },
    ]),
  ),
};

/**
 * The config's path for each place in a chart's values.
 *
 * A place that is a list's entry or a label has two paths.
 */
const places: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "signer-forwarder": {
    "image.repository": "images.signerForwarder.repository",
    "image.tag": "images.signerForwarder.tag",
    "service.port": "endpoint.port",
    "service.nodePort": "endpoint.nodePort",
    "service.alternatePorts": "endpoint.alternatePorts",
    "service.alternatePorts.0": "endpoint.alternatePorts.0",
    "service.sourceRanges": "endpoint.sourceRanges",
    "service.sourceRanges.0": "endpoint.sourceRanges.0",
    signers: "signers",
    "signers.0.name": "signers.0.name",
    "signers.0.sshPublicKey": "signers.0.sshPublicKey",
    "signers.0.nextSshPublicKey": "signers.0.nextSshPublicKey",
    "signers.0.port": "signers.0.port",
    "signers.0.answerSeconds": "signers.0.answerSeconds",
    "signers.0.keys.0.chainId": "bakers.0.chainId",
    "signers.0.keys.0.minimalBlockSeconds": "bakers.0.minimalBlockSeconds",
    "networkPolicy.podCidrs": "cluster.podCidrs",
    "networkPolicy.podCidrs.0": "cluster.podCidrs.0",
    "monitoring.kind": "monitoring.kind",
    "monitoring.namespace": "monitoring.namespace",
    "monitoring.interval": "monitoring.interval",
    "monitoring.labels": "monitoring.labels",
    "monitoring.labels.*": "monitoring.labels.release",
    "monitoring.silentMinutes": "monitoring.silentMinutes",
  },
  baker: {
    "image.repository": "images.octez.repository",
    "image.tag": "images.octez.tag",
    network: "bakers.0.network",
    keys: "bakers.0.keys",
    "keys.0.name": "bakers.0.keys.0.name",
    "keys.0.address": "bakers.0.keys.0.address",
    "keys.0.publicKey": "bakers.0.keys.0.publicKey",
    liquidityBakingToggleVote: "bakers.0.liquidityBakingToggleVote",
    historyMode: "bakers.0.historyMode",
    snapshotUrl: "bakers.0.snapshotUrl",
    "storage.size": "bakers.0.storage.size",
    "storage.className": "bakers.0.storage.className",
    "backup.schedule": "bakers.0.backup.schedule",
    "backup.keep": "bakers.0.backup.keep",
    "backup.snapshotClassName": "bakers.0.backup.snapshotClassName",
    "backup.image.repository": "images.backup.repository",
    "backup.image.tag": "images.backup.tag",
  },
};

/** Values that no config sets: the charts' own, and those that the program makes from names checked elsewhere. */
const notTheConfigs =
  /^(global|disruptionBudget\..*|resources\..*|(backup\.)?image\.pullPolicy|hostKeySecret|service\.(type|annotations\.\*)|signers\.0\.(keys|fallbacks|bakers)(\.0)?(\.address)?|keys\.0\.signerUrl)$/;

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
  const value = get(config, path);
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
