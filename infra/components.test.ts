import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { inputsIn, type Registered, recordResources, settled } from "./recordedProgram.ts";
import type { SignerForwarder as SignerForwarderType } from "./signerForwarder.ts";

let registered: Registered[];

const hostKey = {
  type: "ssh-ed25519",
  line: "ssh-ed25519 AAAAhost",
  fingerprint: "SHA256:host",
  fileName: "ssh_host_ed25519_key",
  pem: "the private key\n",
};
const nextHostKey = {
  ...hostKey,
  line: "ssh-ed25519 AAAAnext",
  fingerprint: "SHA256:next",
  pem: "the next private key\n",
};
const nextSshPublicKey = { type: "ssh-ed25519", line: "ssh-ed25519 AAAAnew", fingerprint: "SHA256:b" };
const signers = [
  {
    name: "home",
    port: 8443,
    answerSeconds: 5,
    device: { kind: "tcp", url: "tcp://169.254.1.1:7732" } as const,
    mains: { chip: "gpiochip0", line: 6, lostWhen: "high" } as const,
    ups: "ups@localhost",
    uplinks: [{ interface: "wwan0", metered: true }],
    sshPublicKey: { type: "ssh-ed25519", line: "ssh-ed25519 AAAAhome", fingerprint: "SHA256:a" },
  },
];
const keys = [{ name: "main", address: "tz1…", publicKey: "edpk…", signer: "home" }];
const delegates = [{ address: "tz1delegate", keys: { consensus: keys } }];
const ordered = delegates.map((delegate) => ({
  ...delegate,
  keys: { consensus: keys.map((key) => ({ ...key, signer: ["home", "cabin"] })) },
}));
const bakers = [{ name: "alice", network: "mainnet", delegates }];
const outsideKey = { name: "main", address: "tz1outside", publicKey: "edpkoutside", signer: "home" };
const outsideBakers = [
  {
    name: "carol",
    network: "shadownet",
    delegates: [{ address: "tz1outside", keys: { consensus: [outsideKey] } }],
    sourceRanges: ["10.20.0.7/32"],
    authenticationKey: "edpkrequests",
  },
];

let forwarder: SignerForwarderType;
let changing: SignerForwarderType;
before(async () => {
  registered = await recordResources();
  const { makeCluster } = await import("./cluster.ts");
  const { SignerForwarder } = await import("./signerForwarder.ts");
  const { Baker } = await import("./baker.ts");
  const podCidrs = ["10.244.0.0/16"];
  const config = { kind: "existing", context: "here", kubeconfig: "a/kubeconfig", podCidrs } as const;
  const cluster = await makeCluster("cluster", { config, facts: {}, stack: "dev" });
  const endpoint = { host: "198.51.100.7", port: 22, alternatePorts: [], sourceRanges: [], annotations: {} };
  forwarder = new SignerForwarder("forwarder", {
    cluster,
    endpoints: [endpoint],
    hostKey,
    namespace: "dev",
    bakers,
    outsideBakers,
    signers,
  });
  new Baker("baker-alice", {
    baker: {
      name: "alice",
      network: "mainnet",
      delegates,
      chainId: "NetXdQprcVkpaWU",
      minimalBlockSeconds: 6,
      storage: { size: "5Gi" },
    },
    cluster,
    forwarder,
    namespace: "dev",
    signers,
    image: { tag: "octez-v25.2-x" },
  });
  const backup = { schedule: "17 3 * * *", keep: 3 };
  const onDisks = { name: "onDisks", cluster: { ...cluster, snapshotDriver: "pd.csi.storage.gke.io" }, backup };
  const ofClass = { ...onDisks, name: "ofClass", backup: { ...backup, snapshotClassName: "mine" } };
  const byDefault = { ...onDisks, name: "byDefault", cluster };
  for (const { name, ...made } of [onDisks, ofClass, byDefault]) {
    new Baker(name, {
      baker: { name: name.toLowerCase(), network: "mainnet", delegates, backup: made.backup },
      cluster: made.cluster,
      forwarder,
      namespace: "dev",
      signers,
      backupImage: { tag: "24" },
    });
  }
  new SignerForwarder("by-node-port", {
    cluster,
    endpoints: [{ ...endpoint, nodePort: 30022, alternatePorts: [30443] }],
    hostKey,
    namespace: "dev",
    bakers: [],
    outsideBakers: [],
    monitoring: { kind: "none" },
    signers: [],
    image: { tag: "2" },
  });
  changing = new SignerForwarder("changing-keys", {
    cluster,
    endpoints: [
      { ...endpoint, nodePort: 30022 },
      { ...endpoint, nodePort: 30023 },
    ],
    hostKey,
    nextHostKey,
    namespace: "dev",
    bakers: [{ name: "bob", network: "mainnet", delegates: ordered }],
    outsideBakers: [],
    monitoring: { kind: "PodMonitor", namespace: "monitoring", alerts: false, meteredUplinks: true },
    signers: signers.map((signer) => ({ ...signer, nextSshPublicKey })),
  });
  await pulumi.runtime.disconnect();
});

const inputsOf = (name: string) => inputsIn(registered, name);

test("the children are these, and no others", () => {
  const names = registered.map(({ type, name }) => `${name} ${type}`).sort();
  assert.deepEqual(names, [
    "baker-alice remote-signer-cloud:index:Baker",
    "baker-alice-chart kubernetes:helm.sh/v4:Chart",
    "by-node-port remote-signer-cloud:index:SignerForwarder",
    "by-node-port-chart kubernetes:helm.sh/v4:Chart",
    "by-node-port-host-key kubernetes:core/v1:Secret",
    "by-node-port-namespace kubernetes:core/v1:Namespace",
    "byDefault remote-signer-cloud:index:Baker",
    "byDefault-chart kubernetes:helm.sh/v4:Chart",
    "changing-keys remote-signer-cloud:index:SignerForwarder",
    "changing-keys-chart kubernetes:helm.sh/v4:Chart",
    "changing-keys-host-key kubernetes:core/v1:Secret",
    "changing-keys-namespace kubernetes:core/v1:Namespace",
    "cluster remote-signer-cloud:index:ExistingCluster",
    "cluster-provider pulumi:providers:kubernetes",
    "forwarder remote-signer-cloud:index:SignerForwarder",
    "forwarder-chart kubernetes:helm.sh/v4:Chart",
    "forwarder-host-key kubernetes:core/v1:Secret",
    "forwarder-namespace kubernetes:core/v1:Namespace",
    "ofClass remote-signer-cloud:index:Baker",
    "ofClass-chart kubernetes:helm.sh/v4:Chart",
    "onDisks remote-signer-cloud:index:Baker",
    "onDisks-chart kubernetes:helm.sh/v4:Chart",
    "onDisks-snapshot-class kubernetes:snapshot.storage.k8s.io/v1:VolumeSnapshotClass",
  ]);
});

test("the provider is of the named context, and another file of it does not replace what runs", () => {
  const { context, kubeconfig, clusterIdentifier, enableSecretMutable, enableConfigMapMutable } =
    inputsOf("cluster-provider");
  assert.deepEqual([context, kubeconfig, clusterIdentifier], ["here", "a/kubeconfig", "here"]);
  assert.deepEqual([enableSecretMutable, enableConfigMapMutable].map(String), ["true", "true"]);
});

test("the namespace enforces Pod Security restricted", () => {
  const { metadata } = inputsOf("forwarder-namespace") as {
    metadata: { name: string; labels: Record<string, string> };
  };
  assert.equal(metadata.name, "dev");
  assert.equal(metadata.labels["pod-security.kubernetes.io/enforce"], "restricted");
});

test("the host key is a secret, under the name of its type, and in no chart's values", () => {
  const { data } = inputsOf("forwarder-host-key");
  assert.ok(pulumi.runtime.isRpcSecret(data));
  assert.deepEqual(pulumi.runtime.unwrapRpcSecret(data), {
    ssh_host_ed25519_key: Buffer.from(hostKey.pem).toString("base64"),
  });
  for (const { type, inputs } of registered.filter(({ type }) => type.endsWith(":Chart"))) {
    assert.ok(!JSON.stringify(inputs).includes("private key"), type);
  }
});

test("a next host key is in the same Secret, and its type does not matter for its name", () => {
  const { data } = inputsOf("changing-keys-host-key");
  assert.ok(pulumi.runtime.isRpcSecret(data));
  assert.deepEqual(pulumi.runtime.unwrapRpcSecret(data), {
    ssh_host_ed25519_key: Buffer.from(hostKey.pem).toString("base64"),
    next_ssh_host_ed25519_key: Buffer.from(nextHostKey.pem).toString("base64"),
  });
});

test("new signer hosts know the next host key as well, and the current one is still the host key", async () => {
  assert.deepEqual(await settled(changing.knownHosts), {
    secret: false,
    value: "198.51.100.7 ssh-ed25519 AAAAhost\n198.51.100.7 ssh-ed25519 AAAAnext\n",
  });
  assert.deepEqual(await settled(changing.hostKeyFingerprint), { secret: false, value: "SHA256:host" });
});

describe("the forwarder's chart", () => {
  test("gets the signers, and of the rest only what differs from its own values", () => {
    const { name, namespace, chart, values } = inputsOf("forwarder-chart");
    assert.deepEqual([name, namespace, chart], ["signer-forwarder", "dev", "./charts/signer-forwarder"]);
    assert.deepEqual(values, {
      hostKeySecret: "signer-forwarder-host-key",
      service: { type: "LoadBalancer", port: 22 },
      signers: [
        {
          name: "home",
          sshPublicKey: "ssh-ed25519 AAAAhome",
          port: 8443,
          answerSeconds: 5,
          keys: [
            { address: "tz1…", chainId: "NetXdQprcVkpaWU", minimalBlockSeconds: 6 },
            { address: "tz1outside", chainId: "NetXsqzbfFenSTS", minimalBlockSeconds: 1 },
          ],
          fallbacks: [],
          bakers: ["baker-alice"],
          sourceRanges: ["10.20.0.7/32"],
        },
      ],
      networkPolicy: { podCidrs: ["10.244.0.0/16"] },
    });
  });

  test("gets both keys of a signer that changes its key, and who is asked after it", () => {
    assert.deepEqual((inputsOf("changing-keys-chart").values as { signers: unknown }).signers, [
      {
        name: "home",
        sshPublicKey: "ssh-ed25519 AAAAhome",
        nextSshPublicKey: "ssh-ed25519 AAAAnew",
        port: 8443,
        answerSeconds: 5,
        keys: [{ address: "tz1…", chainId: "NetXdQprcVkpaWU", minimalBlockSeconds: 6 }],
        fallbacks: ["cabin"],
        bakers: ["baker-bob"],
      },
    ]);
  });

  test("gets who scrapes its metrics, where the config says it", () => {
    const { monitoring } = inputsOf("changing-keys-chart").values as { monitoring: unknown };
    assert.deepEqual(monitoring, { kind: "PodMonitor", namespace: "monitoring", alerts: false, meteredUplinks: true });
  });

  test("gets a node port and an image where the config names them", () => {
    assert.deepEqual(inputsOf("by-node-port-chart").values, {
      image: { tag: "2" },
      hostKeySecret: "signer-forwarder-host-key",
      service: { type: "NodePort", nodePort: 30022, alternatePorts: [30443] },
      signers: [],
      networkPolicy: { podCidrs: ["10.244.0.0/16"] },
    });
  });
});

test("the baker's chart gets its settings, and its router's URL for each key", () => {
  assert.deepEqual(inputsOf("baker-alice-chart").values, {
    image: { tag: "octez-v25.2-x" },
    network: "mainnet",
    storage: { size: "5Gi" },
    delegates: ["tz1delegate"],
    keys: [{ name: "main", address: "tz1…", publicKey: "edpk…", signerUrl: "http://127.0.0.1:8443" }],
    router: {
      baker: "alice",
      replicas: ["signer-forwarder-replica-0.dev.svc"],
      signers: [
        {
          name: "home",
          port: 8443,
          answerSeconds: 5,
          keys: [{ address: "tz1…", chainId: "NetXdQprcVkpaWU", minimalBlockSeconds: 6 }],
        },
      ],
    },
  });
});

test("a second endpoint makes a second replica, which signers dial and routers ask", async () => {
  const { service, secondService } = inputsOf("changing-keys-chart").values as Record<string, unknown>;
  assert.deepEqual(
    [service, secondService],
    [30022, 30023].map((nodePort) => ({ type: "NodePort", nodePort })),
  );
  assert.equal("secondService" in (inputsOf("forwarder-chart").values as object), false);
  const endpoints = [30022, 30023].map((port) => ({ host: "198.51.100.7", port, alternatePorts: [], user: "signer" }));
  assert.deepEqual(await settled(changing.endpoints), { secret: false, value: endpoints });
  assert.deepEqual(
    changing.replicas,
    [0, 1].map((replica) => `signer-forwarder-replica-${replica}.dev.svc`),
  );
});

test("the outputs are what a signer's host needs, and none of them is secret", async () => {
  const { endpoints, hostKeyFingerprint, knownHosts, signers } = forwarder;
  const plain = { secret: false };
  assert.deepEqual(await settled(endpoints), {
    ...plain,
    value: [{ host: "198.51.100.7", port: 22, alternatePorts: [], user: "signer" }],
  });
  assert.deepEqual(await settled(knownHosts), { ...plain, value: "198.51.100.7 ssh-ed25519 AAAAhost\n" });
  assert.deepEqual(await settled(hostKeyFingerprint), { ...plain, value: "SHA256:host" });
  assert.deepEqual(await settled(signers), {
    ...plain,
    value: {
      home: {
        url: "http://signer-home.dev.svc:8443",
        port: 8443,
        sshPort: 9443,
        sshCommand:
          "kubectl --kubeconfig a/kubeconfig --context here --namespace dev port-forward deployment/signer-forwarder 9443",
        sshPublicKeys: ["ssh-ed25519 AAAAhome"],
        answerSeconds: 5,
        device: { kind: "tcp", url: "tcp://169.254.1.1:7732" },
        mains: { chip: "gpiochip0", line: 6, lostWhen: "high" },
        ups: "ups@localhost",
        uplinks: [{ interface: "wwan0", metered: true }],
        keys: [
          { name: "main", address: "tz1…", publicKey: "edpk…" },
          { name: "main", address: "tz1outside", publicKey: "edpkoutside" },
        ],
        authorizedKeys: ["edpkrequests"],
      },
    },
  });
});

describe("a baker's backup", () => {
  const settings = (name: string) => (inputsOf(`${name}-chart`).values as { backup: unknown }).backup;

  test("is in the chart's values, with the image where the config names one", () => {
    assert.deepEqual(settings("byDefault"), { schedule: "17 3 * * *", keep: 3, image: { tag: "24" } });
    assert.deepEqual(settings("ofClass"), {
      schedule: "17 3 * * *",
      keep: 3,
      snapshotClassName: "mine",
      image: { tag: "24" },
    });
  });

  test("gets a class where the cluster has none, whose snapshots stay and say whose they are", () => {
    const { metadata, ...rest } = inputsOf("onDisks-snapshot-class");
    assert.deepEqual(metadata, { name: "dev.baker-ondisks" });
    assert.deepEqual(rest, {
      apiVersion: "snapshot.storage.k8s.io/v1",
      kind: "VolumeSnapshotClass",
      driver: "pd.csi.storage.gke.io",
      deletionPolicy: "Retain",
      parameters: { labels: "remote-signer-cloud-stack=dev,remote-signer-cloud-baker=ondisks" },
    });
    assert.equal((settings("onDisks") as { snapshotClassName: string }).snapshotClassName, "dev.baker-ondisks");
  });
});
