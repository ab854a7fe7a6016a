import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ensureLocalCluster } from "../../deploy/cluster/ownCluster.ts";
import { nodeLayout } from "../../local/cluster/layout.ts";
import { cutNode, joinNode } from "../../local/cluster/nodeFaults.ts";
import { stopAll, until } from "../../testbed/background.ts";
import { makeNetwork, removeNetwork } from "../../testbed/network.ts";
import { attestedLevels, giveCpu, keepFirstDelegate } from "../../testbed/stackBakers.ts";
import { clusterName, testCluster as first, kubeconfig } from "../../testbed/testCluster.ts";
import { Stack } from "../../testbed/testStack.ts";

// Two replicas of the forwarder on two nodes: nothing that befalls one of them costs a signature.

const homes = ["home"];
const second = nodeLayout(first, 2);
const stack = new Stack("disaster-replicas", 30152);
let baker: string;
let forwarder: string;

before(async () => {
  // Everything is on the first node before there is a second one.
  stack.change((settings) => {
    settings.cluster = { kind: "local", name: clusterName };
    settings.signers = settings.signers.filter(({ name }) => name === "home");
    keepFirstDelegate(settings.bakers);
    giveCpu(settings.bakers);
  });
  await stack.npm("up");
  await stack.kubectl("rollout", "status", "statefulset/baker-alice", "--timeout=180s");
  baker = await bakerPod();
  forwarder = await forwarderPod();
  await makeNetwork(homes);
});

after(async () => {
  await joinNode(second.nodeName);
  await stack.kubectl("uncordon", second.nodeName).catch(() => {});
  await stopAll();
  await stack.npm("down");
  await removeNetwork(homes);
  // The files that follow have one node again.
  await ensureLocalCluster({ name: clusterName, kubeconfig, nodes: 1 });
});

const uid = "jsonpath={.items[*].metadata.uid}";
/** The pod of the first replica. */
const forwarderPod = () =>
  stack.kubectl("get", "pods", "--selector", "app.kubernetes.io/instance=signer-forwarder", "--output", uid);
const bakerPod = () => stack.kubectl("get", "pod", "baker-alice-0", "--output", "jsonpath={.metadata.uid}");

/** The levels that the baker has attested since a moment, and what it has not been able to sign. */
async function votes(since: Date): Promise<{ levels: number[]; failed: string[] }> {
  const lines = await stack.bakerLog(since);
  return {
    levels: attestedLevels(lines),
    failed: lines.filter((line) => /: (?:failed|skipped) /.test(line)),
  };
}

/** Does something to the forwarder, and looks at the levels from before it until some after it: all are signed. */
async function costsNothing(fault: () => Promise<unknown>, more = 3): Promise<void> {
  const since = new Date();
  await until("a level is signed before", 60, async () => (await votes(since)).levels.length > 0);
  await fault();
  const done = new Date();
  await until(`${more} levels are signed after`, 60, async () => (await votes(done)).levels.length >= more);
  const { failed, levels } = await votes(since);
  assert.deepEqual(failed, []);
  assert.deepEqual(
    levels,
    levels.map((_, i) => (levels[0] as number) + i),
  );
}

type Status = { signers: [{ tunnel: { isUp: boolean; replicas?: { up: number; all: number } } }] };

/** Waits until the signer has a tunnel at so many of the two replicas. */
async function tunnels(count: number, seconds: number): Promise<void> {
  let told = "";
  await until(
    `the signer has ${count} tunnels`,
    seconds,
    async () => {
      const { stdout, all } = await stack.attempt("status", "--json");
      told = all;
      const [signer] = stdout === "" ? [] : (JSON.parse(stdout) as Status).signers;
      return signer?.tunnel.replicas?.up === count;
    },
    () => told,
  );
}

/** The node of a replica's pod that runs. */
async function nodeOf(replica: string): Promise<string> {
  const words = ["--selector", `app.kubernetes.io/instance=${replica}`, "--field-selector", "status.phase=Running"];
  return stack.kubectl("get", "pods", ...words, "--output", "jsonpath={.items[*].spec.nodeName}");
}

test("a second replica comes to another node, the signer dials both, and no pod starts anew", async () => {
  stack.change((settings) => {
    settings.cluster = { kind: "local", name: clusterName, nodes: 2 };
    settings.forwarder = { replicas: 2 };
  });
  await stack.npm("up");
  const { signerEndpoints } = await stack.outputs();
  assert.deepEqual(
    signerEndpoints.map(({ port }) => port),
    [30152, 30153],
  );
  const nodes = await Promise.all(["signer-forwarder", "signer-forwarder-1"].map(nodeOf));
  assert.deepEqual(nodes, [first.nodeName, second.nodeName]);
  await stack.startSigner("home");
  await tunnels(2, 60);
  assert.deepEqual([await forwarderPod(), await bakerPod()], [forwarder, baker]);
  const { all } = await stack.attempt("doctor");
  assert.match(all, /^ok +routers +alice: reaches 2 of 2 replicas/m);
  assert.match(all, /^ok +tunnel +/m);
  assert.match(all, /^ok +port +replica 1: /m);
});

test("a replica's pod that is deleted costs no signature, whichever it is", async () => {
  for (const replica of ["signer-forwarder", "signer-forwarder-1"]) {
    await costsNothing(() =>
      stack.kubectl("delete", "pod", "--selector", `app.kubernetes.io/instance=${replica}`, "--timeout=30s"),
    );
    await tunnels(2, 60);
  }
});

const ofForwarder = ["--pod-selector=app.kubernetes.io/name=signer-forwarder"];

test("a drain waits for nobody, and costs no signature", async () => {
  await costsNothing(() =>
    stack.kubectl("drain", second.nodeName, ...ofForwarder, "--delete-emptydir-data", "--timeout=30s"),
  );
  await tunnels(1, 30);
  assert.match((await stack.attempt("status")).all, /, 1 of 2/);
  const { code, all } = await stack.attempt("doctor", "--signer", "home");
  assert.equal(code, 1, all);
  assert.match(all, /^bad +forwarder +.*anti-affinity/m);
  assert.match(all, /^ok +tunnel +/m);
  await stack.kubectl("uncordon", second.nodeName);
  await tunnels(2, 60);
});

test("a rollout of both, one after the other, costs no signature", async () => {
  await costsNothing(async () => {
    for (const replica of ["signer-forwarder", "signer-forwarder-1"]) {
      await stack.kubectl("rollout", "restart", `deployment/${replica}`);
      await stack.kubectl("rollout", "status", `deployment/${replica}`, "--timeout=90s");
    }
  });
  await tunnels(2, 60);
});

test("a node that is cut off without a word costs no signature", async () => {
  await costsNothing(() => cutNode(second.nodeName), 5);
  await joinNode(second.nodeName);
  await tunnels(2, 120);
});

test("back to one replica, which costs no signature, and no pod starts anew", async () => {
  const before = await forwarderPod();
  await costsNothing(async () => {
    stack.change((settings) => {
      delete settings.forwarder;
    });
    await stack.npm("up");
  });
  assert.deepEqual([await forwarderPod(), await bakerPod()], [before, baker]);
});
