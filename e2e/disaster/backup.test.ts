import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync, rmSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Kubectl, kubectlFor } from "../../deploy/cluster/kubectl.ts";
import { ensureLocalCluster } from "../../deploy/cluster/ownCluster.ts";
import { restoreBaseDir } from "../../deploy/recovery/restoreBaseDir.ts";
import { findLocalSnapshots, findSnapshots, type Snapshot } from "../../deploy/recovery/snapshots.ts";
import { FolderStore, type Snapshot as StoredSnapshot } from "../../local/cluster/csi/folderStore.ts";
import { driverName } from "../../local/cluster/csi/storageClasses.ts";
import { clusterDown } from "../../local/cluster/localCluster.ts";
import { root } from "../../local/machine/checkout.ts";
import { ensureTools } from "../../local/toolchain/tools.ts";
import { until } from "../../testbed/background.ts";
import { clusterName, kubeconfig, testCluster } from "../../testbed/testCluster.ts";
import { Stack, withoutPulumi } from "../../testbed/testStack.ts";

const stack = new Stack("e2e-backup", 30072);
const alice = { release: "baker-alice", claim: "client-baker-alice-0", size: 2 ** 30 };
const keep = 2;
const { context, nodeAddress, pki, snapshots: store } = testCluster;
const nonces = "/var/run/tezos/client/test_nonces";
let kubectl: Kubectl;
let jobs = 0;

before(async () => {
  rmSync(store, { recursive: true, force: true });
  stack.change((settings) => {
    const [baker] = settings.bakers as Record<string, unknown>[];
    Object.assign(baker as object, { backup: { schedule: "0 3 1 1 *", keep } });
    // The tests reach no registries. The stand-in image has the same Node at the same path.
    Object.assign(settings.images as object, { backup: { repository: "tezos/tezos", tag: "octez-v25.2-stand-in" } });
  });
  await up();
  const tools = await ensureTools(["kubectl"], () => {});
  kubectl = kubectlFor(tools.kubectl, { kubeconfig: join(root, kubeconfig), context });
});

after(async () => {
  await withoutPulumi(() => stack.npm("down"));
  rmSync(store, { recursive: true, force: true });
});

function up(): Promise<string> {
  return withoutPulumi(() => stack.npm("up"));
}

/** The snapshots that this machine keeps, the newest last. */
function stored(): string[] {
  const all = new FolderStore<StoredSnapshot>(store).all();
  return all.map(({ name }) => name).sort();
}

function inBaker(...words: string[]): Promise<string> {
  return stack.kubectl("exec", "baker-alice-0", "-c", "octez-baker", "--", ...words);
}

async function bakerRuns(): Promise<void> {
  await until(
    "the baker runs",
    90,
    () =>
      inBaker("true").then(
        () => true,
        () => false,
      ),
    () => stack.kubectl("describe", "pods", "--selector", "app.kubernetes.io/name=baker"),
  );
}

async function writeNonces(text: string): Promise<void> {
  await bakerRuns();
  await inBaker("sh", "-c", `echo ${text} > ${nonces}`);
}

/** Takes a snapshot now, with a Job made from the CronJob. Returns the Job's log. */
async function backUp(): Promise<string> {
  const job = `now-${++jobs}`;
  await stack.kubectl("create", "job", job, "--from=cronjob/baker-alice");
  const finished = () =>
    stack.kubectl("get", "job", job, "--output", "jsonpath={.status.succeeded}{.status.conditions[*].type}");
  const state = await until(
    `${job} ends`,
    90,
    async () => /^1|Failed/.exec(await finished())?.[0],
    () => stack.kubectl("describe", "pods", "--selector", `job-name=${job}`),
  );
  const log = await stack.kubectl("logs", `job/${job}`);
  assert.equal(state, "1", log);
  return log;
}

async function volumeSnapshots(): Promise<string[]> {
  const names = await stack.kubectl("get", "volumesnapshots", "--output", "jsonpath={.items[*].metadata.name}");
  return names.split(" ").filter(Boolean).sort();
}

/** Returns a function that patches an object's spec as the backup's ServiceAccount, and returns the server's answer. */
async function asBackup(path: string): Promise<(spec: object) => Promise<string>> {
  const token = (await stack.kubectl("create", "token", "baker-alice-backup")).trim();
  const ca = readFileSync(join(pki, "ca.crt"));
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/merge-patch+json" };
  return async (spec) => {
    const outgoing = request(`https://${nodeAddress}:6443${path}`, { method: "PATCH", ca, headers });
    outgoing.end(JSON.stringify({ spec }));
    const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
    return `${answer.statusCode} ${Buffer.concat(await answer.toArray())}`;
  };
}

/** Restores the baker's base dir, brings the stack up, and returns the nonces that the baker finds. */
async function restored(snapshots: readonly Snapshot[] | undefined): Promise<string> {
  assert.ok(snapshots);
  assert.equal(await restoreBaseDir(kubectl, stack.name, alice, snapshots), true);
  const made = await stack.kubectl("get", "pvc,volumesnapshot", "--output", "name");
  assert.equal(await restoreBaseDir(kubectl, stack.name, alice, snapshots), false, "a second run does nothing");
  assert.equal(await stack.kubectl("get", "pvc,volumesnapshot", "--output", "name"), made);
  await up();
  await bakerRuns();
  return (await inBaker("cat", nonces)).trim();
}

describe("a backup", () => {
  test("keeps the last ones, and of the others not even the data", async () => {
    for (const text of ["one", "two", "three"]) {
      await writeNonces(text);
      await backUp();
    }
    await until(
      "the first one is gone",
      30,
      () => stored().length <= keep,
      () => stored().join(),
    );
    const names = await volumeSnapshots();
    assert.equal(names.length, keep);
    assert.deepEqual(stored(), names);
    const policies = await kubectl(["get", "volumesnapshotcontents", "-o", "jsonpath={.items[*].spec.deletionPolicy}"]);
    assert.equal(policies, "Retain Retain", "also where the class says Delete, as this cluster's does");
  });

  test("may change the deletion policy of its own namespace's snapshots, and nothing else", async () => {
    const found = await findSnapshots(kubectl, stack.name, ["alice"]);
    const [content] = found.get("alice")?.[0]?.contents ?? [];
    const patch = await asBackup(`/apis/snapshot.storage.k8s.io/v1/volumesnapshotcontents/${content}`);
    assert.match(
      await patch({ volumeSnapshotRef: { namespace: "kube-system" } }),
      /^422 .*changes the deletion policy/,
    );
    assert.match(await patch({ deletionPolicy: "Retain" }), /^200 /);
  });
});

test("the namespace is deleted, and the baker starts with what was in the newest snapshot", async () => {
  await writeNonces("after the snapshot");
  const before = stored();
  await kubectl(["delete", "namespace", stack.name, "--wait", "--timeout=180s"]);
  assert.deepEqual(stored(), before, "the snapshots outlive their namespace");
  const found = await findSnapshots(kubectl, stack.name, ["alice", "bob"]);
  assert.deepEqual(
    found
      .get("alice")
      ?.map(({ name }) => name)
      .sort(),
    before,
  );
  assert.equal(found.has("bob"), false);
  assert.equal(await restored(found.get("alice")), "three");
});

test("those that were brought back count with the next ones, and are removed with their data", async () => {
  await writeNonces("four");
  await backUp();
  const names = await volumeSnapshots();
  assert.equal(names.length, keep);
  await until(
    "the oldest is gone",
    30,
    () => stored().length <= keep,
    () => stored().join(),
  );
  assert.deepEqual(stored(), names);
});

test("the whole cluster is removed, and the baker starts with what was in the newest snapshot", async () => {
  const before = stored();
  await clusterDown(clusterName, () => {});
  assert.deepEqual(stored(), before, "the snapshots outlive their cluster");
  await ensureLocalCluster({ name: clusterName, kubeconfig, nodes: 1 });
  const found = findLocalSnapshots(store, driverName, stack.name, ["alice"]);
  assert.deepEqual(
    found
      .get("alice")
      ?.map(({ name }) => name)
      .sort(),
    before,
  );
  assert.equal(await restored(found.get("alice")), "four");
});

test("without a backup in the config, what takes it is removed, and the snapshots stay", async () => {
  const before = await volumeSnapshots();
  stack.change((settings) => {
    for (const baker of settings.bakers as Record<string, unknown>[]) delete baker.backup;
  });
  await up();
  const kinds = "cronjobs,roles,rolebindings,clusterroles,clusterrolebindings,validatingadmissionpolicies";
  const label = `remote-signer-cloud/stack=${stack.name}`;
  assert.equal(await stack.kubectl("get", kinds, "--selector", label, "--output", "name"), "");
  assert.deepEqual(await volumeSnapshots(), before);
});
