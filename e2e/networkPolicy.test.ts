import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { ensureLocalCluster } from "../deploy/cluster/ownCluster.ts";
import { type Background, stopAll, until } from "../testbed/background.ts";
import { makeNetwork, removeNetwork } from "../testbed/network.ts";
import { openKind } from "../testbed/openKind.ts";
import type { BakerSetting, DelegateSetting } from "../testbed/stackBakers.ts";
import { clusterName, kubeconfig, testCluster } from "../testbed/testCluster.ts";
import { Stack, temporary } from "../testbed/testStack.ts";
import { bakerLabels, visitorPod, visitorPort } from "../testbed/visitorPod.ts";

const stack = new Stack("e2e", 30022);
const { nodeAddress, apiServiceAddress } = testCluster;
const foreign = "e2e-foreign";
const scrapers = "e2e-monitoring";
const podMonitors = openKind("monitoring.coreos.com", "PodMonitor", "podmonitors");

/** The namespace and labels of each pod that tries to reach the forwarder, by the pod's role. */
const visitors = {
  foreigner: { namespace: foreign, labels: {} },
  neighbour: { namespace: stack.name, labels: {} },
  // It has a baker's labels but not the baker's namespace.
  impostor: { namespace: foreign, labels: bakerLabels("alice") },
  alice: { namespace: stack.name, labels: bakerLabels("alice") },
  bob: { namespace: stack.name, labels: bakerLabels("bob") },
  scraper: { namespace: scrapers, labels: {} },
};
type Visitor = keyof typeof visitors;
type Applied = { metadata: { name: string; namespace?: string }; [field: string]: unknown };

/** The forwarder's addresses by name, as `address:port`. */
let targets: Record<string, string>;
let home: Background;

before(async () => {
  stack.change((settings) => {
    const [alice] = settings.bakers as [BakerSetting];
    const [home, office] = alice.delegates as [DelegateSetting, DelegateSetting];
    settings.bakers = [
      { ...alice, delegates: [home] },
      { ...alice, name: "bob", delegates: [office] },
    ];
    // This cluster has no operator, so it knows no rules of alerts.
    settings.monitoring = { kind: "PodMonitor", namespace: scrapers, alerts: false };
  });
  await ensureLocalCluster({ name: clusterName, kubeconfig });
  await apply(podMonitors);
  await stack.npm("up");
  for (const namespace of [foreign, scrapers]) await stack.kubectl("create", "namespace", namespace);
  for (const [name, visitor] of Object.entries(visitors)) await apply(visitorPod({ name, ...visitor }));
  for (const [name, { namespace }] of Object.entries(visitors)) {
    await stack.kubectl("--namespace", namespace, "wait", "--for=condition=Ready", `pod/${name}`, "--timeout=60s");
  }
  await makeNetwork(["home"]);
  home = await stack.startSigner("home");
  await until("the signer connects", 30, () => /connected to/.test(home.output()), home.output);
  const pod = await addressOf("pods", "app.kubernetes.io/name=signer-forwarder", "{.items[0].status.podIP}");
  const service = (name: string) => addressOf(`service/${name}`, "", "{.spec.clusterIP}");
  targets = {
    "home's port": `${pod}:8443`,
    "home's Service": `${await service("signer-home")}:8443`,
    "office's port": `${pod}:8453`,
    "office's Service": `${await service("signer-office")}:8453`,
    "the metrics": `${pod}:8404`,
    "the ssh port": `${pod}:2222`,
    "the ssh Service": `${await service("signer-forwarder")}:22`,
    "the ssh port of the node": `${nodeAddress}:30022`,
    "home's ssh": `${pod}:9443`,
  };
});

after(async () => {
  await stopAll();
  await stack.npm("down");
  await stack.kubectl("delete", "namespace", foreign, scrapers, "--ignore-not-found");
  await stack.kubectl("delete", "customresourcedefinition", podMonitors.metadata.name, "--ignore-not-found");
  await removeNetwork(["home"]);
});

async function apply(object: Applied): Promise<string> {
  const file = temporary("object.json");
  writeFileSync(file, JSON.stringify(object));
  return stack.kubectl("--namespace", object.metadata.namespace ?? "", "apply", "--filename", file);
}

async function addressOf(what: string, selector: string, path: string): Promise<string> {
  const selected = selector ? ["--selector", selector] : [];
  return (await stack.kubectl("get", what, ...selected, "--output", `jsonpath=${path}`)).trim();
}

/** The names of those addresses that a visitor can connect to. */
async function reached(name: Visitor, addresses: Record<string, string>): Promise<string[]> {
  const script = `
    const { connect } = require("node:net");
    for (const [name, address] of Object.entries(JSON.parse(process.argv[1]))) {
      const [host, port] = address.split(":");
      const socket = connect({ host, port, timeout: 3000 }, () => { console.log(name); socket.destroy(); });
      socket.on("timeout", () => socket.destroy());
      socket.on("error", () => {});
    }`;
  const words = ["--namespace", visitors[name].namespace, "exec", name, "--", "node", "--eval", script];
  const text = await stack.kubectl(...words, JSON.stringify(addresses));
  return text.split("\n").filter(Boolean).sort();
}

describe("who reaches the forwarder's pod", () => {
  const cases: [string, Visitor, string[]][] = [
    ["a pod of another namespace: nothing", "foreigner", []],
    ["another pod of the namespace: nothing", "neighbour", []],
    ["a pod of another namespace with a baker's labels: nothing", "impostor", []],
    ["a baker: its signer, and not another's", "alice", ["home's Service", "home's port"]],
    ["another baker: its own signer", "bob", ["office's Service", "office's port"]],
    ["the scraper: the metrics, and no signer", "scraper", ["the metrics"]],
  ];
  for (const [what, visitor, expected] of cases) {
    test(what, async () => assert.deepEqual(await reached(visitor, targets), expected));
  }

  test("a signer from outside: the ssh port, and its signatures pass", async () => {
    // It names the pod, because a visitor also has the labels of the StatefulSet's pod.
    const log = () => stack.kubectl("logs", "baker-alice-0", "--container", "octez-baker", "--tail=10").catch(String);
    await until("home-baker signs", 60, async () => /home-baker: signed /.test(await log()), log);
  });

  test("the kubelet: the pod is ready", async () => {
    const ready = '{.items[0].status.conditions[?(@.type=="Ready")].status}';
    assert.equal(await addressOf("pods", "app.kubernetes.io/name=signer-forwarder", ready), "True");
  });
});

test("the forwarder starts no connection: not to a pod, nor to the API, nor to a signer's network", async () => {
  const neighbour = `${await addressOf("pod/neighbour", "", "{.status.podIP}")}:${visitorPort}`;
  assert.deepEqual(await reached("foreigner", { neighbour }), ["neighbour"], "the pod can be called");
  const called = {
    neighbour,
    api: `${nodeAddress}:6443`,
    apiService: `${apiServiceAddress}:443`,
    outside: "198.18.255.2:22",
  };
  for (const [name, address] of Object.entries(called)) {
    const [host, port] = address.split(":");
    const script = `timeout 3 bash -c 'exec 3<>/dev/tcp/${host}/${port}' 2>/dev/null && echo open || echo closed`;
    const words = ["exec", "deployment/signer-forwarder", "--", "bash", "-c", script];
    assert.equal((await stack.kubectl(...words)).trim(), "closed", name);
  }
});

test("nobody calls a baker", async () => {
  const baker = await addressOf("pod/baker-alice-0", "", "{.status.podIP}");
  const alice = await addressOf("pod/alice", "", "{.status.podIP}");
  const addresses = { p2p: `${baker}:9732`, rpc: `${baker}:8732`, labelled: `${alice}:${visitorPort}` };
  for (const visitor of ["foreigner", "neighbour", "bob"] as const) {
    assert.deepEqual(await reached(visitor, addresses), [], visitor);
  }
});

test("a baker outside of the stack: its own signer from its addresses, and no pod here", async () => {
  const address = await addressOf("pod/neighbour", "", "{.status.podIP}");
  stack.change((settings) => {
    const [alice, { name, network, delegates }] = settings.bakers as [BakerSetting, BakerSetting];
    settings.bakers = [alice];
    const authenticationKey = delegates[0]?.keys.consensus[0]?.publicKey;
    settings.outsideBakers = [{ name, network, delegates, sourceRanges: [`${address}/32`], authenticationKey }];
  });
  await stack.npm("up");
  const wanted = ["office's Service", "office's port"];
  await until("the policy lets it in", 20, async () => isDeepStrictEqual(await reached("neighbour", targets), wanted));
  assert.deepEqual(await reached("bob", targets), []);
  assert.deepEqual(await reached("alice", targets), ["home's Service", "home's port"]);
  const pods = await addressOf("pods", "app.kubernetes.io/name=baker", "{.items[*].metadata.name}");
  assert.doesNotMatch(pods, /baker-bob/);
});

test("Pod Security lets no privileged pod into the namespace", async () => {
  const privileged = visitorPod({ name: "privileged", ...visitors.neighbour }, { privileged: true });
  await assert.rejects(apply(privileged), /violates PodSecurity "restricted:v1\.34": privileged/);
});
