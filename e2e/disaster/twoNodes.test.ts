import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { ensureLocalCluster } from "../../deploy/cluster/ownCluster.ts";
import { openPortForward } from "../../deploy/cluster/portForward.ts";
import { daemonNames } from "../../local/cluster/clusterDaemon.ts";
import { nodeLayout } from "../../local/cluster/layout.ts";
import { cutNode, joinNode, stopNode } from "../../local/cluster/nodeFaults.ts";
import { runningPid } from "../../local/cluster/processes.ts";
import { until } from "../../testbed/background.ts";
import { connecting, connectScript } from "../../testbed/connecting.ts";
import { podOnNode, travellerSpec } from "../../testbed/podsOnNodes.ts";
import { clusterName, testCluster as first, kubeconfig } from "../../testbed/testCluster.ts";
import { Stack, temporary } from "../../testbed/testStack.ts";
import { visitorPort } from "../../testbed/visitorPod.ts";

const second = nodeLayout(first, 2);
const namespace = "two-nodes";
const onFirst = { namespace, nodeName: first.nodeName };
const onSecond = { namespace, nodeName: second.nodeName };
const nodePort = 30099;
/** A stack that only has a cluster. */
const stack = new Stack("disaster-nodes", 30022);
const kubectl = (...words: string[]) => stack.kubectl("--namespace", namespace, ...words);
const pidsOfFirst = () => daemonNames.map((name) => `${name} ${runningPid(first, name)}`);
let pids: string[];

before(async () => {
  await ensureLocalCluster({ name: clusterName, kubeconfig, nodes: 1 });
  pids = pidsOfFirst();
  await up(2);
  await kubectl("create", "namespace", namespace);
  await apply(...["one", "friend"].map((name) => podOnNode(name, onFirst)), podOnNode("two", onSecond));
  await apply(service);
  await kubectl("wait", "--for=condition=Ready", "pods", "--all", "--timeout=60s");
});

after(async () => {
  for (const { nodeName } of [first, second]) await joinNode(nodeName);
  await kubectl("delete", "namespace", namespace, "--ignore-not-found", "--timeout=90s");
});

/** Brings the cluster up with so many nodes, as a user does. */
async function up(nodes: number): Promise<void> {
  stack.change((settings) => {
    for (const key of [
      "endpoint",
      "hostKey",
      "hostKeyFingerprint",
      "authenticationSeed",
      "signers",
      "bakers",
      "images",
    ])
      delete settings[key];
    settings.cluster = { kind: "local", name: clusterName, nodes };
  });
  await stack.npm("up");
}

async function apply(...items: object[]): Promise<void> {
  const file = temporary("objects.json");
  writeFileSync(file, JSON.stringify({ apiVersion: "v1", kind: "List", items }));
  await kubectl("apply", "--filename", file);
}

const service = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "two" },
  spec: { type: "NodePort", selector: { app: "two" }, ports: [{ port: 80, targetPort: visitorPort, nodePort }] },
};

const ipOf = (pod: string) => kubectl("get", "pod", pod, "--output", "jsonpath={.status.podIP}");

/** Whether a pod can connect to an address, `host:port`. */
async function reaches(pod: string, address: string): Promise<boolean> {
  return (await kubectl("exec", pod, "--", "node", "--eval", connectScript, address)) === "yes\n";
}

type Pod = {
  metadata: { name: string; deletionTimestamp?: string };
  spec: { nodeName?: string };
  status: { phase: string };
};

/** The node of the pod that runs, among those of an app that are not about to go. */
async function nodeOf(app: string): Promise<string | undefined> {
  const { items } = JSON.parse(await kubectl("get", "pods", "--selector", `app=${app}`, "--output", "json")) as {
    items: Pod[];
  };
  return items.find(({ metadata, status }) => !metadata.deletionTimestamp && status.phase === "Running")?.spec.nodeName;
}

async function isReady(nodeName: string): Promise<boolean> {
  const path = 'jsonpath={.status.conditions[?(@.type=="Ready")].status}';
  return (await kubectl("get", "node", nodeName, "--output", path)) === "True";
}

test("a second node joins while the programs of the first go on, and each node is a zone", async () => {
  assert.deepEqual(pidsOfFirst(), pids);
  const path =
    'jsonpath={range .items[*]}{.metadata.name} {.metadata.labels.topology\\.kubernetes\\.io/zone}{"\\n"}{end}';
  const nodes = (await kubectl("get", "nodes", "--output", path)).trim().split("\n");
  assert.deepEqual(nodes, [`${first.nodeName} zone-1`, `${second.nodeName} zone-2`]);
});

test("an up that says nothing of nodes keeps both", async () => {
  await ensureLocalCluster({ name: clusterName, kubeconfig });
  assert.equal((await kubectl("get", "nodes", "--output", "name")).trim().split("\n").length, 2);
});

test("a pod on each node reaches the other's, and a Service by its name", async () => {
  assert.ok(await reaches("one", `${await ipOf("two")}:${visitorPort}`), "from the first to the second");
  assert.ok(await reaches("two", `${await ipOf("one")}:${visitorPort}`), "from the second to the first");
  for (const pod of ["one", "two"]) assert.ok(await reaches(pod, `two.${namespace}.svc.cluster.local:80`), pod);
});

test("each node answers at a node port, wherever its pod is", async () => {
  for (const { nodeAddress } of [first, second])
    assert.equal(await connecting(nodeAddress, nodePort), "open", nodeAddress);
});

test("kubectl logs and port-forward reach the pods of both nodes", async () => {
  for (const pod of ["one", "two"]) {
    assert.equal(await kubectl("logs", pod), "", pod);
    const forward = await openPortForward(
      await stack.kubectlCommand("--namespace", namespace, "port-forward", pod, `:${visitorPort}`),
    );
    assert.equal(await connecting("127.0.0.1", forward.port), "open", pod);
    await forward.close();
  }
});

test("a policy holds for pods of another node", async () => {
  const from = [{ podSelector: { matchLabels: { app: "friend" } } }];
  await apply({
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: "friends-only" },
    spec: { podSelector: { matchLabels: { app: "two" } }, policyTypes: ["Ingress"], ingress: [{ from }] },
  });
  const address = `${await ipOf("two")}:${visitorPort}`;
  await until("the policy is enforced", 20, async () => !(await reaches("one", address)));
  assert.ok(await reaches("friend", address), "a pod that the policy allows");
  await kubectl("delete", "networkpolicy", "friends-only");
  await until("the policy is gone", 20, () => reaches("one", address));
});

test("a drained node's pod comes up on the other with its volume, which no pod elsewhere can have meanwhile", async () => {
  const volumeMounts = [{ name: "data", mountPath: "/data" }];
  const script = `require("node:fs").appendFileSync("/data/nodes", process.env.NODE + " "); setInterval(() => {}, 1e6);`;
  const { template, selector } = travellerSpec("keeper", onSecond);
  const [container] = template.spec.containers;
  const env = [{ name: "NODE", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } }];
  const containers = [{ ...container, command: ["node", "--eval", script], env, volumeMounts }];
  const securityContext = { fsGroup: 1000 };
  const claim = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Mi" } } };
  await apply({
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: { name: "keeper" },
    spec: {
      serviceName: "keeper",
      selector,
      template: { ...template, spec: { ...template.spec, containers, securityContext } },
      volumeClaimTemplates: [{ metadata: { name: "data" }, spec: claim }],
    },
  });
  await until("the pod runs on the second node", 40, async () => (await nodeOf("keeper")) === second.nodeName);
  await kubectl("drain", second.nodeName, "--pod-selector=app=keeper", "--timeout=60s");
  await until("it runs on the first node", 40, async () => (await nodeOf("keeper")) === first.nodeName);
  await kubectl("uncordon", second.nodeName);
  const written = () => kubectl("exec", "keeper-0", "--", "cat", "/data/nodes");
  await until("it has written", 10, async () => (await written()) === `${second.nodeName} ${first.nodeName} `, written);

  const other = podOnNode("other", onSecond);
  const volumes = [{ name: "data", persistentVolumeClaim: { claimName: "data-keeper-0" } }];
  await apply({
    ...other,
    spec: { ...other.spec, volumes, containers: [{ ...other.spec.containers[0], volumeMounts }] },
  });
  const events = () =>
    kubectl(
      "get",
      "events",
      "--field-selector",
      "involvedObject.name=other",
      "--output",
      "jsonpath={.items[*].message}",
    );
  const refusal = `found it in use on node ${first.nodeName}, wanted it free for node ${second.nodeName}`;
  await until("the volume is refused", 20, async () => (await events()).includes(refusal), events);
  await kubectl("delete", "pod", "other");
});

test("the first node can be cut off and stay in reach of kubectl, and joins again", async () => {
  const address = `${await ipOf("one")}:${visitorPort}`;
  await cutNode(first.nodeName);
  await cutNode(first.nodeName);
  assert.equal(await connecting(first.nodeAddress, nodePort), "silence");
  assert.equal(await reaches("two", address), false);
  await joinNode(first.nodeName);
  await joinNode(first.nodeName);
  assert.equal(await connecting(first.nodeAddress, nodePort), "open");
  assert.ok(await reaches("two", address));
});

test("the pods of a node that is cut off are made anew on the other, and the node comes back when it is joined", async () => {
  const deployment = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "walker" },
    spec: travellerSpec("walker", onSecond),
  };
  await apply(deployment);
  await until("the pod runs on the second node", 20, async () => (await nodeOf("walker")) === second.nodeName);
  const address = `${await ipOf("two")}:${visitorPort}`;
  await cutNode(second.nodeName);
  assert.equal(await connecting(second.nodeAddress, nodePort), "silence");
  assert.equal(await reaches("one", address), false);
  await until("the node is known to be silent", 70, async () => !(await isReady(second.nodeName)));
  await until("the pod runs on the first node", 60, async () => (await nodeOf("walker")) === first.nodeName);
  await joinNode(second.nodeName);
  await until("the node is ready again", 60, () => isReady(second.nodeName));
  // Its pod is among the Service's endpoints again once the kubelet has said that it is ready.
  const answers = () => connecting(second.nodeAddress, nodePort);
  await until("it answers at its node port", 30, async () => (await answers()) === "open", answers);
});

test("a node that has lost its power starts again with the next up", async () => {
  await stopNode(second.nodeName);
  await stopNode(second.nodeName);
  assert.ok(!existsSync(second.netnsFile));
  await up(2);
  assert.ok(await isReady(second.nodeName));
  assert.ok(await reaches("one", `${await ipOf("two")}:${visitorPort}`), "its pod runs again");
  assert.deepEqual(pidsOfFirst(), pids);
});

test("the next up with one node removes the second, and the programs of the first go on", async () => {
  await up(1);
  assert.equal((await kubectl("get", "nodes", "--output", "name")).trim(), `node/${first.nodeName}`);
  for (const path of [second.netnsFile, second.state, second.run]) assert.ok(!existsSync(path), path);
  assert.deepEqual(pidsOfFirst(), pids);
});
