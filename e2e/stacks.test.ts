import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { loadAll } from "js-yaml";
import { hasPulumi } from "../deploy/engine/pulumi.ts";
import { replicaNames, routedName } from "../infra/names/replicaNames.ts";
import { clusterStatus } from "../local/cluster/localCluster.ts";
import { root } from "../local/machine/checkout.ts";
import { until } from "../testbed/background.ts";
import { type BakerSetting, keepFirstDelegate } from "../testbed/stackBakers.ts";
import { kubeconfig, replicas, testCluster } from "../testbed/testCluster.ts";
import { Stack, withoutPulumi } from "../testbed/testStack.ts";

const one = new Stack("e2e", 30022);
const two = new Stack("e2e-two", 30032);

before(async () => {
  two.change((settings) => {
    settings.bakers = [];
  });
  await one.npm("up");
  await two.npm("up");
});

after(async () => {
  await one.npm("down");
  await two.npm("down");
});

type Metadata = { name: string; resourceVersion: string; generation?: number; labels?: Record<string, string> };
type Item = { kind: string; metadata: Metadata; spec?: Record<string, unknown>; data?: unknown };

/** The stack's objects without those that the cluster adds. */
async function objects(stack: Stack): Promise<Item[]> {
  const namespaced = "configmaps,secrets,services,deployments,statefulsets,networkpolicies,poddisruptionbudgets";
  const kinds = `${namespaced},priorityclasses`;
  const { items } = JSON.parse(await stack.kubectl("get", kinds, "--output", "json")) as { items: Item[] };
  return items.filter(({ kind, metadata: { name } }) =>
    kind === "PriorityClass"
      ? name.startsWith(`${stack.name}.`)
      : !["kube-root-ca.crt", "remote-signer-cloud"].includes(name),
  );
}

/** Each object with a number that changes whenever the object does, and not with its status. */
function versions(items: Item[]): string[] {
  return items.map(
    ({ kind, metadata: { generation, name, resourceVersion } }) => `${kind} ${name} ${generation ?? resourceVersion}`,
  );
}

test("two stacks live side by side, each in a namespace and at a port of its own", async () => {
  const [first, second] = [await one.outputs(), await two.outputs()];
  assert.equal(first.signerEndpoints[0].port, 30022);
  assert.equal(second.signerEndpoints[0].port, 30032);
  assert.equal(first.signers.home?.url, "http://signer-home.e2e.svc:8443");
  assert.equal(second.signers.home?.url, "http://signer-home.e2e-two.svc:8443");
  for (const stack of [one, two]) {
    const ready = await stack.kubectl(
      "get",
      "deployment",
      "signer-forwarder",
      "--output",
      "jsonpath={.status.readyReplicas}",
    );
    assert.equal(ready, "1", stack.name);
  }
});

test("a second up changes nothing", async () => {
  const before = versions(await objects(one));
  await one.npm("up");
  assert.deepEqual(versions(await objects(one)), before);
});

test("what a stack no longer has is removed, and nothing of the other stack", async () => {
  const other = versions(await objects(one));
  two.change((settings) => {
    settings.signers = settings.signers.filter(({ name }) => name !== "office");
  });
  await two.npm("up");
  const services = (await objects(two)).filter(({ kind }) => kind === "Service").map(({ metadata: { name } }) => name);
  const ofForwarder = replicaNames.slice(0, replicas).flatMap((name, i) => [name, routedName(i)]);
  assert.deepEqual(services.sort(), [...ofForwarder, "signer-home"].sort());
  assert.deepEqual(versions(await objects(one)), other);
});

test("render prints every object that is in the cluster, as plain YAML and nothing else", async () => {
  const rendered = loadAll(await one.npm("render")) as Item[];
  const names = (items: Item[]) => items.map(({ kind, metadata: { name } }) => `${kind} ${name}`).sort();
  const claims = JSON.parse(await one.kubectl("get", "persistentvolumeclaims", "--output", "json")) as {
    items: Item[];
  };
  assert.deepEqual(
    names(rendered),
    names([
      ...(await objects(one)),
      // The others are the StatefulSet's.
      ...claims.items.filter(({ metadata: { name } }) => name === "baker-alice-dal"),
      { kind: "Namespace", metadata: { name: "e2e", resourceVersion: "" } },
    ]),
  );
});

describe("a config with mistakes fails before anything is made", () => {
  const broken = new Stack("e2e-broken", 30042);
  broken.change((settings) => {
    const [home, office] = settings.signers;
    if (home) home.port = 80;
    if (office) office.sshPublicKey = "-----BEGIN OPENSSH PRIVATE KEY-----";
    settings.singers = [];
  });

  test("with every mistake in one message", async () => {
    const error = await broken.npm("up").then(() => "", String);
    assert.match(error, /has 3 problems; nothing was changed/);
    assert.match(error, /signers\[0\]\.port: found 80/);
    assert.match(error, /signers\[1\]\.sshPublicKey: found a private key/);
    assert.match(error, /found an unknown key "singers"/);
    assert.equal(await one.kubectl("get", "namespace", "e2e-broken", "--ignore-not-found", "--output", "name"), "");
  });

  test("and so does one that the passphrase does not open", async () => {
    const closed = new Stack("e2e-broken", 30042);
    closed.passphrase = "another";
    const error = await closed.npm("up").then(() => "", String);
    assert.match(error, /passphrase/);
    assert.equal(await one.kubectl("get", "namespace", "e2e-broken", "--ignore-not-found", "--output", "name"), "");
  });
});

test("with --context a stack goes to the cluster that is named, whatever its config says, and none is made", async () => {
  const elsewhere = new Stack("e2e-context", 30062);
  elsewhere.change((settings) => {
    settings.cluster = { kind: "existing", kubeconfig: ".local/kubeconfig", context: "local" };
    settings.bakers = [];
  });
  const dev = clusterStatus("dev").state;
  process.env.KUBECONFIG = join(root, kubeconfig);
  try {
    await elsewhere.npm("up", "--context", testCluster.context, "--yes");
    const names = await elsewhere.kubectl("get", "deployments", "--output", "name");
    assert.match(names, /^deployment\.apps\/signer-forwarder$/m);
    await elsewhere.npm("down", "--context", testCluster.context, "--yes");
  } finally {
    delete process.env.KUBECONFIG;
  }
  assert.equal(await one.kubectl("get", "namespace", elsewhere.name, "--ignore-not-found", "--output", "name"), "");
  assert.equal(clusterStatus("dev").state, dev);
});

test("a node port that another stack has is found before anything is made, and so is an alternate one", async () => {
  for (const endpoint of [{ nodePort: 30022 }, { nodePort: 30082, alternatePorts: [30022] }]) {
    const third = new Stack("e2e-third", 30082);
    third.change((settings) => {
      settings.endpoint = { ...(settings.endpoint as object), ...endpoint };
      settings.bakers = [];
    });
    const error = await third.npm("up").then(() => "", String);
    assert.match(error, /found 30022, which Service signer-forwarder of namespace e2e has/);
    assert.equal(await one.kubectl("get", "namespace", third.name, "--ignore-not-found", "--output", "name"), "");
    await third.npm("down");
  }
});

test("a stack whose load balancer has no address yet is up when it has one", async () => {
  const balanced = new Stack("e2e-balanced", 30092);
  balanced.change((settings) => {
    settings.endpoint = { host: "203.0.113.7", port: 2200 };
    settings.forwarder = { replicas: 1 };
    settings.bakers = [];
  });
  const service = ["service", "signer-forwarder"];
  let ended = false;
  const up = balanced.npm("up").finally(() => {
    ended = true;
  });
  up.catch(() => {});
  try {
    await until("the forwarder is ready", 120, async () => {
      const path = "jsonpath={.status.readyReplicas}";
      const ready = balanced.kubectl("get", "deployment", "signer-forwarder", "--output", path);
      return (await ready.catch(() => "")) === "1";
    });
    await sleep(3000);
    assert.ok(!ended, "it is not up before somebody can dial");
    // A cloud sets this after it has made a load balancer. Nothing makes load balancers here.
    const status = JSON.stringify({ status: { loadBalancer: { ingress: [{ ip: "203.0.113.7" }] } } });
    await balanced.kubectl("patch", ...service, "--subresource", "status", "--type", "merge", "--patch", status);
    await up;
  } finally {
    await up.catch(() => {});
    await balanced.npm("down");
  }
});

test("a stack, a signer and a baker may have names that YAML takes for something else", async () => {
  const no = new Stack("no", 30102);
  no.change((settings) => {
    const [home] = settings.signers;
    settings.signers = [{ ...home, name: "yes" } as (typeof settings.signers)[0]];
    keepFirstDelegate(settings.bakers, { name: "on", signer: "yes" });
    (settings.bakers[0] as BakerSetting).name = "null";
  });
  try {
    await no.npm("up");
    assert.equal((await no.outputs()).signers.yes?.url, "http://signer-yes.no.svc:8443");
    assert.match(await no.kubectl("get", "statefulsets,services", "--output", "name"), /baker-null\n.*signer-yes/s);
  } finally {
    await no.npm("down");
  }
});

test("a namespace of that name that is somebody else's is left alone, by up and by down", async () => {
  const theirs = new Stack("e2e-theirs", 30052);
  await one.kubectl("create", "namespace", theirs.name);
  const uid = () =>
    one.kubectl("get", "namespace", theirs.name, "--output", "jsonpath={.metadata.uid}{.metadata.labels}");
  const before = await uid();
  assert.match(await theirs.npm("up").then(() => "", String), hasPulumi() ? /ended with exit code/ : /somebody else's/);
  const down = await theirs.npm("down").then(() => "", String);
  if (!hasPulumi()) assert.match(down, /somebody else's/);
  assert.equal(await uid(), before);
  await one.kubectl("delete", "namespace", theirs.name);
});

test("the pulumi CLI and plain server-side apply leave the same objects", {
  skip: !hasPulumi() && "no pulumi CLI on PATH",
}, async () => {
  // Leaves out the marks of each way of applying, and the values that the cluster counts or chooses.
  const comparable = (items: Item[]) =>
    items.map(({ kind, metadata: { name, labels = {} }, spec = {}, data }) => {
      const own = Object.entries(labels).filter(([key]) => !key.startsWith("applyset."));
      const { clusterIP, clusterIPs, ...rest } = spec;
      return { kind, name, labels: Object.fromEntries(own), spec: rest, data };
    });
  const withCli = comparable(await objects(one));
  await one.npm("down");
  await withoutPulumi(() => one.npm("up"));
  const without = comparable(await objects(one));
  await withoutPulumi(() => one.npm("down"));
  assert.deepEqual(without, withCli);
});
