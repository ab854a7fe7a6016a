import assert from "node:assert/strict";
import { before, test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import type { Baker as BakerType } from "./baker.ts";
import { authenticationKeyOf } from "./keys/authenticationKey.ts";
import { inputsIn, type Registered, recordResources, settled } from "./recordedProgram.ts";
import type { SignerForwarder as SignerForwarderType } from "./signerForwarder.ts";

// A baker with everything that the config can give it. That of components.test.ts has the least.

let registered: Registered[];
const seed = Buffer.alloc(32, 7).toString("base64");
const nextSeed = Buffer.alloc(32, 8).toString("base64");
const key = (name: string, address: string, signer: string) => ({ name, address, publicKey: `BLpk-${name}`, signer });
const baker = {
  name: "alice",
  network: "mainnet",
  delegates: [
    {
      address: "tz1delegate",
      keys: {
        consensus: [key("now", "tz1delegate", "home"), key("next", "tz4next", "pi")],
        companion: [key("companion", "tz4companion", "pi")],
      },
    },
  ],
  dal: { endpoint: { host: "203.0.113.7", port: 11732 } },
  p2p: { port: 9732, nodePort: 31732 },
  liquidityBakingToggleVote: "off" as const,
  remoteCallsTimeout: 5,
  snapshot: { url: "https://snapshots.example.org/rolling", sha256: "0".repeat(64) },
  storage: { size: "200Gi", dalSize: "20Gi" },
  resources: { node: { requests: { cpu: "3" } } },
};

let made: BakerType;
let forwarder: SignerForwarderType;
before(async () => {
  registered = await recordResources();
  const { makeCluster } = await import("./cluster.ts");
  const { SignerForwarder } = await import("./signerForwarder.ts");
  const { Baker } = await import("./baker.ts");
  const config = { kind: "existing", context: "here" } as const;
  const cluster = await makeCluster("cluster", { config, facts: {}, stack: "dev" });
  const endpoint = { host: "198.51.100.7", port: 22, alternatePorts: [], sourceRanges: [], annotations: {} };
  const monitoring = { kind: "PodMonitor", namespace: "monitoring", labels: { release: "x" }, alerts: true } as const;
  const common = { cluster, authenticationSeed: seed, namespace: "dev", monitoring };
  const sshKey = (text: string) => ({ type: "ssh-ed25519", line: text, fingerprint: text });
  const signer = (name: string, port: number) => ({
    ...{ name, port, answerSeconds: 5, device: { kind: "ledger" } as const, sshPublicKey: sshKey(name) },
  });
  const signers = [signer("home", 8443), signer("pi", 8453)];
  const alone = {
    name: "bob",
    network: "mainnet",
    delegates: [{ address: "tz1b", keys: { consensus: [key("b", "tz1b", "home")] } }],
  };
  forwarder = new SignerForwarder("forwarder", {
    ...common,
    nextAuthenticationSeed: nextSeed,
    endpoints: [endpoint],
    hostKey: { ...sshKey("host"), fileName: "ssh_host_ed25519_key", pem: "the private key\n" },
    bakers: [baker, alone],
    outsideBakers: [],
    signers,
  });
  made = new Baker("baker-alice", {
    ...common,
    baker,
    cluster: { ...cluster, storage: { clientClassName: "regional", clientSize: "10Gi" } },
    forwarder,
    signers,
    routerImage: { tag: "2" },
    dalEndpoint: {
      ...endpoint,
      host: pulumi.output("203.0.113.7"),
      port: 11732,
      annotations: { "example.org/address": "dal" },
    },
  });
  new Baker("baker-bob", {
    ...common,
    baker: { ...alone, dal: false },
    authenticationSeed: undefined,
    monitoring: { kind: "none" },
    cluster,
    forwarder,
    signers,
  });
  await pulumi.runtime.disconnect();
});

const inputsOf = (name: string) => inputsIn(registered, name);

test("the children of a baker are these, and no others", () => {
  const names = registered.map(({ type, name }) => `${name} ${type}`).filter((name) => name.startsWith("baker-"));
  assert.deepEqual(names.sort(), [
    "baker-alice remote-signer-cloud:index:Baker",
    "baker-alice-authentication kubernetes:core/v1:Secret",
    "baker-alice-chart kubernetes:helm.sh/v4:Chart",
    "baker-alice-dal-address kubernetes:core/v1:ConfigMap",
    "baker-bob remote-signer-cloud:index:Baker",
    "baker-bob-chart kubernetes:helm.sh/v4:Chart",
  ]);
});

const authentication = authenticationKeyOf(seed, "alice");
const ofMainnet = (address: string) => ({ address, chainId: "NetXdQprcVkpaWU", minimalBlockSeconds: 6 });

test("the chart gets the roles as Octez needs them, and every setting in its own form", () => {
  const { address, publicKey } = authentication;
  assert.deepEqual(inputsOf("baker-alice-chart").values, {
    network: "mainnet",
    remoteCallsTimeout: 5,
    snapshot: { url: "https://snapshots.example.org/rolling", sha256: "0".repeat(64) },
    resources: { node: { requests: { cpu: "3" } } },
    votes: { liquidityBakingToggleVote: "off" },
    p2p: { service: { type: "NodePort", nodePort: 31732 } },
    storage: { clientClassName: "regional", clientSize: "10Gi", size: "200Gi", dalSize: "20Gi" },
    delegates: ["tz1delegate"],
    keys: [
      { name: "now", address: "tz1delegate", publicKey: "BLpk-now", signerUrl: "http://127.0.0.1:8443" },
      { name: "next", address: "tz4next", publicKey: "BLpk-next", signerUrl: "http://127.0.0.1:8453" },
      { name: "companion", address: "tz4companion", publicKey: "BLpk-companion", signerUrl: "http://127.0.0.1:8453" },
    ],
    router: {
      baker: "alice",
      replicas: ["signer-forwarder-replica-0.dev.svc"],
      signers: [
        { name: "home", port: 8443, answerSeconds: 5, keys: [ofMainnet("tz1delegate")] },
        { name: "pi", port: 8453, answerSeconds: 5, keys: [ofMainnet("tz4next"), ofMainnet("tz4companion")] },
      ],
    },
    routerImage: { tag: "2" },
    authentication: { address, publicKey, secretName: "baker-alice-authentication" },
    dal: {
      addressConfigMap: "baker-alice-dal-address",
      service: { type: "LoadBalancer", port: 11732, annotations: { "example.org/address": "dal" } },
    },
    monitoring: { kind: "PodMonitor", namespace: "monitoring", labels: { release: "x" } },
  });
});

test("a baker without DAL, seed and scraper has none of them", () => {
  assert.deepEqual(inputsOf("baker-bob-chart").values, {
    network: "mainnet",
    delegates: ["tz1b"],
    keys: [{ name: "b", address: "tz1b", publicKey: "BLpk-b", signerUrl: "http://127.0.0.1:8443" }],
    router: {
      baker: "bob",
      replicas: ["signer-forwarder-replica-0.dev.svc"],
      signers: [{ name: "home", port: 8443, answerSeconds: 5, keys: [ofMainnet("tz1b")] }],
    },
    dal: { enabled: false },
  });
});

test("the key that signs requests is a secret, as an entry of the wallet, and in no chart's values", () => {
  const { data, metadata } = inputsOf("baker-alice-authentication");
  assert.deepEqual(metadata, { name: "baker-alice-authentication", namespace: "dev" });
  assert.ok(pulumi.runtime.isRpcSecret(data));
  const { entry } = pulumi.runtime.unwrapRpcSecret(data) as { entry: string };
  assert.deepEqual(JSON.parse(Buffer.from(entry, "base64").toString()), {
    name: "authentication",
    value: `unencrypted:${authentication.secretKey}`,
  });
  for (const { type, inputs } of registered.filter(({ type }) => type.endsWith(":Chart")))
    assert.ok(!JSON.stringify(inputs).includes(authentication.secretKey), type);
});

test("the DAL node is told its public address", () => {
  const { data, metadata } = inputsOf("baker-alice-dal-address");
  assert.deepEqual(metadata, { name: "baker-alice-dal-address", namespace: "dev" });
  assert.deepEqual(data, { dal: "203.0.113.7:11732" });
});

test("the outputs have each delegate's keys, and whom a device may trust, also once the seed is changed", async () => {
  assert.deepEqual((await settled(made.delegates)).value, {
    tz1delegate: { consensus: ["tz1delegate", "tz4next"], companion: ["tz4companion"] },
  });
  assert.deepEqual(await settled(made.authenticationKey), { value: authentication.publicKey, secret: false });
  const { home, pi } = (await settled(forwarder.signers)).value;
  const of = (seed: string, ...names: string[]) => names.map((name) => authenticationKeyOf(seed, name).publicKey);
  assert.deepEqual(home?.authorizedKeys, [...of(seed, "alice", "bob"), ...of(nextSeed, "alice", "bob")]);
  assert.deepEqual(pi?.authorizedKeys, [...of(seed, "alice"), ...of(nextSeed, "alice")]);
});
