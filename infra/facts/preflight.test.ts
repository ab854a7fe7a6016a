import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import type { StackConfig } from "../config/config.ts";
import { ConfigError } from "../config/configError.ts";
import type { lookUp as LookUp } from "./preflight.ts";

const folder = mkdtempSync(join(tmpdir(), "facts-"));
const withPlugin = join(folder, "with-plugin");
const path = process.env.PATH;
const registered: string[] = [];
/** The answers of Google's cloud, by the last word of the look-up's name. */
let answers: Record<string, object | Error>;
let lookUp: typeof LookUp;

before(async () => {
  mkdirSync(withPlugin);
  writeFileSync(join(withPlugin, "gke-gcloud-auth-plugin"), "");
  chmodSync(join(withPlugin, "gke-gcloud-auth-plugin"), 0o755);
  await pulumi.runtime.setMocks({
    newResource({ inputs, name, type }) {
      registered.push(type);
      const outputs = { prod: { cluster: { context: "c", identifier: "c", kubectl: "kubectl --context c" } } };
      const gke = {
        cluster: { context: "g", identifier: "g", kubectl: "k", kubeconfig: '{"command":"gke-gcloud-auth-plugin"}' },
      };
      return { id: name, state: { ...inputs, outputs: { ...outputs, gke }[name] ?? {}, secretOutputNames: [] } };
    },
    call({ token }) {
      const answer = answers[token.split(":").at(-1) as string];
      // The engine reports errors in this form, by gRPC.
      if (answer instanceof Error) throw Object.assign(answer, { details: answer.message });
      return answer ?? {};
    },
  });
  ({ lookUp } = await import("./preflight.ts"));
});
beforeEach(() => {
  process.env.PATH = withPlugin;
  answers = {
    getZones: { names: ["europe-west1-b", "europe-west1-c", "europe-west1-d"] },
    getAddresses: { addresses: [{ name: "signers", address: "198.51.100.7", addressType: "EXTERNAL" }] },
    getManagedZone: { dnsName: "example.org.", visibility: "public" },
  };
});
afterEach(() => {
  process.env.PATH = path;
});
after(async () => {
  await pulumi.runtime.disconnect();
  rmSync(folder, { recursive: true });
});

const gke = {
  kind: "gke",
  project: "my-project",
  region: "europe-west1",
  authorizedNetworks: ["203.0.113.0/24"],
  releaseChannel: "REGULAR",
  maintenanceWindow: { days: ["MO" as const], start: "08:00", hours: 12 },
  nodePool: { machineType: "e2-standard-4", minNodes: 2, maxNodes: 6, diskSizeGb: 50 },
  deletionProtection: true,
} as const;
const address = { name: "signers", project: "my-project", region: "europe-west1", existing: true };

function config(cluster: object = {}, endpoint: object = {}): StackConfig {
  const plain = { port: 22, alternatePorts: [], sourceRanges: [] };
  const rest = { host: "signers.example.org", address, dnsZone: { name: "example" }, ...endpoint };
  return structuredClone({
    cluster: { ...gke, ...cluster },
    endpoint: { ...plain, ...rest },
    signers: [],
    bakers: [],
    images: {},
  }) as unknown as StackConfig;
}

async function problemsOf(stackConfig: StackConfig): Promise<string[]> {
  const error = await lookUp("prod", stackConfig).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (error === undefined) return [];
  assert.ok(error instanceof ConfigError, String(error));
  return error.problems.map(({ found, path, wanted }) => `${path}: found ${found}; wanted ${wanted}`);
}

test("what is as the config says is no problem, and the address's number is known then", async () => {
  const addresses = { "projects/my-project/regions/europe-west1/addresses/signers": "198.51.100.7" };
  assert.deepEqual(await lookUp("prod", config()), { addresses });
});

test("an address that is to be made need not be there", async () => {
  answers.getAddresses = { addresses: [{ name: "signers-2", address: "198.51.100.8", addressType: "EXTERNAL" }] };
  assert.deepEqual(await lookUp("prod", config({}, { address: { ...address, existing: false } })), { addresses: {} });
});

test("each baker's address is looked up as well", async () => {
  answers.getAddresses = {
    addresses: [
      { name: "signers", address: "198.51.100.7", addressType: "EXTERNAL" },
      { name: "dal-1", address: "198.51.100.8", addressType: "EXTERNAL" },
    ],
  };
  const dal = (name: string) => ({ dal: { endpoint: { port: 11732, address: { ...address, name } } } });
  const bakers = [{}, { dal: false }, { dal: {} }, dal("dal-1")];
  const place = "projects/my-project/regions/europe-west1/addresses";
  assert.deepEqual(await lookUp("prod", { ...config(), bakers } as unknown as StackConfig), {
    addresses: { [`${place}/signers`]: "198.51.100.7", [`${place}/dal-1`]: "198.51.100.8" },
  });
  const others = { ...config({ kind: "existing", context: "c" }, { address: undefined }), bakers: [dal("dal-2")] };
  assert.deepEqual(await problemsOf(others as unknown as StackConfig), [
    'bakers[0].dal.endpoint.address: found no "dal-2" in europe-west1 of my-project; wanted one that exists, or existing: false, which makes it',
  ]);
});

test("a host may be the zone's own name", async () => {
  assert.deepEqual(await problemsOf(config({}, { host: "Example.org" })), []);
});

describe("each thing that is not as the config says is one problem", () => {
  const cases: [string, Record<string, object | Error>, StackConfig, RegExp][] = [
    ["a region that there is not", { getZones: { names: [] } }, config(), /^cluster\.region: found "europe-west1"/],
    [
      "a zone that the region has not",
      {},
      config({ zones: ["europe-west1-b", "europe-west1-a"] }),
      /^cluster\.zones\[1\]: found "europe-west1-a"; wanted one of europe-west1-b/,
    ],
    [
      "an address that is not there",
      { getAddresses: { addresses: [] } },
      config(),
      /^endpoint\.address: found no "signers" in europe-west1/,
    ],
    [
      "an address that nobody outside can dial",
      { getAddresses: { addresses: [{ name: "signers", address: "10.0.0.1", addressType: "INTERNAL" }] } },
      config(),
      /^endpoint\.address: found one of type INTERNAL/,
    ],
    [
      "a name outside of the zone",
      {},
      config({}, { host: "signers.example.com" }),
      /^endpoint\.host: found "signers.example.com"; wanted a name in example\.org\./,
    ],
    ["a name that only ends like the zone", {}, config({}, { host: "badexample.org" }), /^endpoint\.host/],
    [
      "a private zone",
      { getManagedZone: { dnsName: "example.org.", visibility: "private" } },
      config(),
      /^endpoint\.dnsZone: found a private zone/,
    ],
    [
      "a zone that is not there",
      { getManagedZone: new Error("googleapi: Error 404: notFound") },
      config(),
      /^endpoint\.dnsZone: found .*404/,
    ],
    [
      "an API that is not enabled",
      { getZones: new Error("Compute Engine API has not been used") },
      config(),
      /^cluster\.project: found Compute Engine API/,
    ],
    [
      "another stack without the output",
      {},
      config({ kind: "stack", stack: "old" }, { address: undefined }),
      /^cluster\.stack: found "old"/,
    ],
  ];
  for (const [name, changed, stackConfig, problem] of cases) {
    test(name, async () => {
      Object.assign(answers, changed);
      const problems = await problemsOf(stackConfig);
      assert.equal(problems.length, 1, problems.join("\n"));
      assert.match(problems[0] as string, problem);
    });
  }
});

test("missing credentials are one problem, and a missing plugin another, in one error", async () => {
  process.env.PATH = folder;
  const none = new Error("Attempted to load application default credentials since neither `credentials` nor …");
  answers = { getZones: none, getAddresses: none, getManagedZone: none };
  const [credentials = "", plugin = "", ...others] = await problemsOf(config());
  assert.match(credentials, /gcloud auth application-default login/);
  assert.match(plugin, /^cluster: found no program gke-gcloud-auth-plugin on PATH; .*gcloud components install/);
  assert.deepEqual(others, []);
});

test("what nobody can answer is no problem, and neither is a plugin that nobody will call then", async () => {
  process.env.PATH = folder;
  answers = {};
  assert.deepEqual(await lookUp("prod", config({ zones: ["europe-west1-a", "europe-west1-b"] })), { addresses: {} });
});

test("another stack's cluster is found by its output, and one of Google's needs the plugin", async () => {
  const shared = (stack: string) => config({ kind: "stack", stack }, { address: undefined });
  const found = await lookUp("baker", shared("prod"));
  assert.deepEqual(found.sharedCluster, { context: "c", identifier: "c", kubectl: "kubectl --context c" });
  process.env.PATH = folder;
  assert.deepEqual(await problemsOf(shared("prod")), []);
  assert.match(
    (await problemsOf(shared("gke"))).join("\n"),
    /^cluster: found no program gke-gcloud-auth-plugin[^\n]*$/,
  );
});

test("nothing is made", () => assert.deepEqual([...new Set(registered)], ["pulumi:pulumi:StackReference"]));
