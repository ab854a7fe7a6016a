import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { runningPid } from "../../local/cluster/processes.ts";
import { until } from "../../testbed/background.ts";
import { testCluster } from "../../testbed/testCluster.ts";
import { Stack, temporary } from "../../testbed/testStack.ts";

const stack = new Stack("disaster", 30022);
const { nodeName } = testCluster;
const kubelet = () => runningPid(testCluster, "kubelet") as number;
/**
 * A second node, which exists only as an object.
 * If all nodes are silent, Kubernetes assumes that it is cut off itself, and moves no pod.
 */
const otherNode = "rsc-e2e-other";
let heart: NodeJS.Timeout;
let failure = "none";

type Pod = { metadata: { name: string; deletionTimestamp?: string }; spec: { nodeName?: string } };

before(async () => {
  await stack.npm("up");
  const file = temporary("node.json");
  writeFileSync(file, JSON.stringify({ apiVersion: "v1", kind: "Node", metadata: { name: otherNode } }));
  await stack.kubectl("apply", "--filename", file);
  await beat();
  heart = setInterval(() => {
    void beat().then(
      () => {},
      (error) => {
        failure = String(error);
      },
    );
  }, 5000);
});

after(async () => {
  clearInterval(heart);
  await stack.kubectl("delete", "node", otherNode, "--ignore-not-found");
  process.kill(kubelet(), "SIGCONT");
  await stack.kubectl("wait", "--for=condition=Ready", "node", nodeName, "--timeout=60s");
  await stack.npm("down");
});

/** Reports the other node as alive, as its kubelet would. */
async function beat(): Promise<void> {
  const resources = { cpu: "8", memory: "32Gi", pods: "110" };
  const time = new Date().toISOString();
  const conditions = [{ type: "Ready", status: "True", reason: "KubeletReady", lastHeartbeatTime: time }];
  const status = JSON.stringify({ status: { conditions, capacity: resources, allocatable: resources } });
  await stack.kubectl("patch", "node", otherNode, "--subresource=status", "--patch", status);
}

async function podsOf(name: string): Promise<Pod[]> {
  const selector = `app.kubernetes.io/name=${name}`;
  const text = await stack.kubectl("get", "pods", "--selector", selector, "--output", "json");
  return (JSON.parse(text) as { items: Pod[] }).items;
}

test("a forwarder whose node falls silent has a successor within 20 s of that being known, and nothing leads to it any more", async () => {
  const [before] = await podsOf("signer-forwarder");
  assert.ok(before);
  process.kill(kubelet(), "SIGSTOP");
  const dead = await until("the node is known to be silent", 90, async () => {
    const path = '{.status.conditions[?(@.type=="Ready")]}';
    const text = await stack.kubectl("get", "node", nodeName, "--output", `jsonpath=${path}`);
    const condition = JSON.parse(text) as { status: string; lastTransitionTime: string };
    return condition.status === "Unknown" && Date.parse(condition.lastTransitionTime);
  });
  const successor = async () => {
    const pods = await podsOf("signer-forwarder");
    const old = pods.find(({ metadata: { name } }) => name === before.metadata.name);
    return old?.metadata.deletionTimestamp !== undefined && pods.find(({ spec }) => spec.nodeName === otherNode);
  };
  await until(
    "another pod is on its way to the other node",
    20,
    successor,
    () => `its last failed heartbeat: ${failure}`,
  );
  // Kubernetes has times in whole seconds.
  const took = Date.now() - dead;
  assert.ok(took < 21_000, `${took} ms after the node was known to be silent`);
  for (const service of ["signer-forwarder", "signer-home"]) {
    const words = ["--selector", `kubernetes.io/service-name=${service}`, "--output", "jsonpath={.items[*].endpoints}"];
    const text = await stack.kubectl("get", "endpointslices", ...words);
    const endpoints = (text === "" ? [] : JSON.parse(text)) as { conditions: { ready: boolean } }[];
    assert.ok(
      endpoints.every(({ conditions }) => !conditions.ready),
      `${service}: ${text}`,
    );
  }
  const [baker] = await podsOf("baker");
  assert.equal(baker?.metadata.deletionTimestamp, undefined, "a baker is not made twice: it waits for its node");
});
