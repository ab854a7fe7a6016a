import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { loadAll } from "js-yaml";
import { hasPulumi } from "../deploy/engine/pulumi.ts";
import { root } from "../local/machine/checkout.ts";
import { stopAll } from "../testbed/background.ts";
import { makeNetwork, removeNetwork } from "../testbed/network.ts";
import { said, ssh, sshWords } from "../testbed/sshClient.ts";
import { replicas, testCluster } from "../testbed/testCluster.ts";
import { Stack, withoutPulumi } from "../testbed/testStack.ts";

// One stack that only announces a cluster, and one that runs in that cluster.
const owner = new Stack("e2e-owner", 30022);
const guest = new Stack("e2e-guest", 30072);
// This must be evaluated before `before` hides the CLI.
const skipCli = !hasPulumi() && "no pulumi CLI on PATH";

before(async () => {
  owner.change((settings) => {
    const ofForwarder = ["forwarder", "endpoint", "hostKey", "hostKeyFingerprint", "signers", "bakers", "images"];
    for (const key of ofForwarder) delete settings[key];
  });
  guest.change((settings) => {
    settings.cluster = { kind: "stack", stack: owner.name };
    settings.endpoint = { ...(settings.endpoint as object), alternatePorts: [30443] };
    settings.bakers = [];
  });
  // The homes are linked to the cluster, so it must exist. Any `up` makes it.
  await withoutPulumi(() => owner.npm("up"));
  await makeNetwork(["home"]);
});

after(async () => {
  await stopAll();
  await removeNetwork(["home"]);
});

/** The guest stack's objects, each with a number that changes whenever the object does. */
async function versions(): Promise<string[]> {
  const kinds = "configmaps,secrets,services,deployments";
  const text = await guest.kubectl("get", kinds, "--output", "json");
  const { items } = JSON.parse(text) as {
    items: { kind: string; metadata: { generation?: number; name: string; resourceVersion: string } }[];
  };
  return items
    .filter(({ metadata: { name } }) => !["kube-root-ca.crt", "remote-signer-cloud"].includes(name))
    .map(({ kind, metadata }) => `${kind} ${metadata.name} ${metadata.generation ?? metadata.resourceVersion}`);
}

const ways: [string, <T>(work: () => Promise<T>) => Promise<T>, false | string][] = [
  ["without the pulumi CLI", withoutPulumi, false],
  ["with the pulumi CLI", (work) => work(), skipCli],
];
for (const [way, by, skip] of ways) {
  describe(way, { skip }, () => {
    test("a stack that only has a cluster comes up, and tells others how to reach it", async () => {
      await by(() => owner.npm("up"));
      const { cluster, signerEndpoints } = JSON.parse(await by(() => owner.npm("output"))) as Record<string, unknown>;
      assert.deepEqual([(cluster as { context: string }).context, signerEndpoints], [testCluster.context, []]);
    });

    test("another stack runs in that cluster, and a second up changes nothing", async () => {
      await by(() => guest.npm("up"));
      const path = "jsonpath={.status.readyReplicas}";
      assert.equal(await guest.kubectl("get", "deployment", "signer-forwarder", "--output", path), "1");
      const before = await versions();
      // A replica has a Deployment, a Service for signers and one for routers.
      assert.equal(before.length, 4 + 3 * replicas);
      await by(() => guest.npm("up"));
      assert.deepEqual(await versions(), before);
    });

    test("a signer gets in by the port and by the alternate port, each known by the stack's known_hosts", async () => {
      for (const port of [30072, 30443]) {
        const key = join(root, "signer-host/dev/keys/home/ssh_ed25519");
        const [command, words] = await by(() => sshWords(guest, "home", key, port));
        const result = await ssh([command, words], ["-N", "-R", "8443:127.0.0.1:1"], [], 3);
        assert.deepEqual(
          [result.code, said(result)],
          [null, ""],
          `port ${port}: it was still connected when the time was over`,
        );
      }
    });

    test("both go down, and the cluster stays", async () => {
      await by(() => guest.npm("down"));
      await by(() => owner.npm("down"));
      assert.equal(await guest.kubectl("get", "namespace", guest.name, "--ignore-not-found", "--output", "name"), "");
    });
  });
}

test("render prints a Google stack's objects on stdout, and names on stderr what else it has", async () => {
  const google = new Stack("e2e-google", 30022);
  google.change((settings) => {
    const authorizedNetworks = ["203.0.113.0/24"];
    settings.cluster = { kind: "gke", project: "my-project", region: "europe-west1", authorizedNetworks };
    settings.endpoint = { host: "signers.example.org", address: { name: "signers" } };
    settings.forwarder = { replicas: 1 };
    settings.bakers = [];
  });
  const words = ["deploy/render.ts", "--stack", google.name, "--config-file", google.configFile];
  const env = { ...process.env, PULUMI_CONFIG_PASSPHRASE: google.passphrase };
  const { stderr, stdout } = await promisify(execFile)(process.execPath, words, { cwd: root, env });
  const kinds = (loadAll(stdout) as { kind: string }[]).map(({ kind }) => kind).sort();
  const ofPod = ["ConfigMap", "Deployment", "NetworkPolicy", "PodDisruptionBudget", "PodMonitoring", "PriorityClass"];
  // One for the page of each signer's host; the alerts; the dashboard.
  const ofMonitoring = ["PodMonitoring", "PodMonitoring", "Rules", "ConfigMap"];
  const services = ["Service", "Service", "Service", "Service"];
  // The class of the disks that outlive a zone.
  assert.deepEqual(kinds, [...ofPod, ...ofMonitoring, "Namespace", "Secret", ...services, "StorageClass"].sort());
  const left = [...stderr.matchAll(/left out, for the pulumi CLI to make: (\S+) (\S+)\n/g)].map(([, type]) => type);
  assert.ok(left.includes("gcp:container/cluster:Cluster") && left.includes("gcp:compute/address:Address"), stderr);
  assert.equal(left.length, 11);
});
