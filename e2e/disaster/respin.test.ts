import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { hasPulumi } from "../../deploy/engine/pulumi.ts";
import { DrilledSigner } from "../../deploy/recovery/drilledSigner.ts";
import { cgroupProcesses } from "../../local/cluster/cgroups.ts";
import { clusterDown, clusterStatus } from "../../local/cluster/localCluster.ts";
import { runningPid } from "../../local/cluster/processes.ts";
import { root } from "../../local/machine/checkout.ts";
import { run } from "../../local/machine/run.ts";
import { start, stopAll, until } from "../../testbed/background.ts";
import { clusterName, testCluster, kubeconfig as testKubeconfig } from "../../testbed/testCluster.ts";
import { Stack, temporary } from "../../testbed/testStack.ts";

const stack = new Stack("disaster", 30022);
const layout = testCluster;
const nonces = "/var/run/tezos/client/test_nonces";
const signers: DrilledSigner[] = [];

before(async () => {
  rmSync(layout.snapshots, { recursive: true, force: true });
  stack.change((settings) => {
    const [baker] = settings.bakers as object[];
    Object.assign(baker as object, { backup: { schedule: "0 3 1 1 *", keep: 2 } });
    // The tests reach no registries. The stand-in image has the same Node at the same path.
    Object.assign(settings.images as object, { backup: { repository: "tezos/tezos", tag: "octez-v25.2-stand-in" } });
  });
  await stack.npm("up");
  writeFileSync(temporary("outputs.json"), await stack.npm("output"));
  for (const name of ["home", "office"]) signers.push(new DrilledSigner(name, stack.name, temporary("outputs.json")));
  await bothSign(new Date());
});

after(async () => {
  await Promise.all(signers.map((signer) => signer.stop()));
  await stopAll();
  await stack.npm("down", "--cluster");
  rmSync(layout.snapshots, { recursive: true, force: true });
});

/** Runs respin as a user does, and returns its output. */
async function respin(...words: string[]): Promise<string> {
  const process = respinInBackground(...words);
  await until("respin ends", 240, () => process.child.exitCode !== null, process.output);
  assert.equal(process.child.exitCode, 0, process.output());
  return process.output();
}

/** Starts respin in a new process group, so that a test can kill it with every process that it has started. */
function respinInBackground(...words: string[]) {
  const options = ["--stack", stack.name, "--config-file", stack.configFile, "--yes", ...words];
  const env = { ...process.env, PULUMI_CONFIG_PASSPHRASE: stack.passphrase };
  return start("setsid", [process.execPath, join(root, "deploy/respin.ts"), ...options], env);
}

async function bothSign(since: Date): Promise<void> {
  for (const key of ["home-baker", "office-baker"]) {
    const signed = (line: string) => line.startsWith(`${key}: signed attestation`);
    await until(
      `${key} signs`,
      90,
      async () => (await stack.bakerLog(since).catch(() => [])).some(signed),
      () => signers.map((signer) => signer.output()).join("\n"),
    );
  }
}

/** The UIDs of the stack's pods. A replaced pod has a new one. */
function pods(): Promise<string> {
  return stack.kubectl("get", "pods", "--output", "jsonpath={.items[*].metadata.uid}");
}

/** Runs a command in octez-baker's container. */
function inBaker(...words: string[]): Promise<string> {
  return stack.kubectl("exec", "baker-alice-0", "--container", "octez-baker", "--", ...words);
}

/** Takes a snapshot of the baker's base dir now, as its schedule would. */
async function backUp(): Promise<void> {
  await stack.kubectl("create", "job", "now", "--from=cronjob/baker-alice");
  await stack.kubectl("wait", "job/now", "--for=condition=complete", "--timeout=90s");
}

async function kill(...daemons: string[]): Promise<void> {
  for (const daemon of daemons) {
    const pid = runningPid(layout, daemon);
    assert.ok(pid, daemon);
    process.kill(pid, "SIGKILL");
    await until(`${daemon} is gone`, 10, () => runningPid(layout, daemon) === undefined);
  }
}

describe("a stack is respun from whatever is left of it", () => {
  test("everything is there: nothing is replaced, and nothing is said to be lost", async () => {
    const before = await pods();
    const said = await respin();
    assert.match(said, /the cluster \(.*\) answers\n/);
    assert.match(said, /signers with a tunnel: home, office\n/);
    assert.match(said, /bring the stack up to date/);
    assert.doesNotMatch(said, /does not come back/);
    assert.match(said, /\d+\.\d s {2}the signers\n +\d+\.\d s {2}in all\n$/);
    assert.equal(await pods(), before);
  });

  test("the cluster answers, but the namespace is gone", async () => {
    await stack.kubectl("delete", "namespace", stack.name, "--wait=true");
    const since = new Date();
    const said = await respin();
    assert.match(said, /\d+ of the stack's \d+ objects are missing: Namespace disaster,/);
    assert.match(said, /nonces that were not revealed are gone/);
    await bothSign(since);
  });

  test("one object is gone, and the tunnels stay", async () => {
    await stack.kubectl("delete", "service", "signer-home");
    const said = await respin();
    assert.match(said, /1 of the stack's \d+ objects are missing: Service signer-home\n/);
    await bothSign(new Date());
  });

  test("nothing answers: the API server was killed", async () => {
    await kill("kube-apiserver");
    const said = await respin();
    assert.match(said, /does not answer\n/);
    await bothSign(new Date());
  });

  test("the cluster is half dead: it answers with errors", async () => {
    await kill("etcd");
    const said = await respin();
    assert.match(said, /answers with errors\n/);
    await bothSign(new Date());
  });

  test("every process was killed: what was in the cluster is there again", async () => {
    const uid = () => stack.kubectl("get", "namespace", stack.name, "--output", "jsonpath={.metadata.uid}");
    const before = await uid();
    for (const pid of cgroupProcesses(layout.cgroup)) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It ended together with a process that was killed earlier.
      }
    }
    await until("they are gone", 10, () => clusterStatus(clusterName).running.length === 0);
    const since = new Date();
    const said = await respin();
    assert.match(said, /is stopped, its data is there/);
    assert.equal(await uid(), before);
    await bothSign(since);
  });

  test("the state of the pulumi CLI is lost: what runs is adopted, and no pod is replaced", {
    skip: !hasPulumi() && "no pulumi CLI on PATH",
  }, async () => {
    await forgetState();
    const before = await pods();
    assert.match(await respin(), /knows nothing of the stack/);
    assert.equal(await pods(), before);
    await bothSign(new Date());
  });

  test("the cluster is gone, and the state of the pulumi CLI with it: the nonces come back from their backup", async () => {
    await inBaker("sh", "-c", `echo revealed-later > ${nonces}`);
    await backUp();
    await inBaker("sh", "-c", `echo younger > ${nonces}`);
    await clusterDown(clusterName, () => {});
    if (hasPulumi()) await forgetState();
    const since = new Date();
    const said = await respin();
    assert.match(said, /is not there\n/);
    assert.match(said, /all of the config are waited for/);
    assert.match(said, /restore the base dir of baker alice from its snapshot of 20\d\d-/);
    await bothSign(since);
    assert.equal(await inBaker("cat", nonces), "revealed-later\n");
  });
});

test("a respin that is killed at any point is finished by the next one", async () => {
  await clusterDown(clusterName, () => {});
  const since = new Date();
  for (const seconds of [2, 6, 11, 16]) {
    const process = respinInBackground();
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    if (process.child.exitCode === null) killGroup(process.child.pid as number);
    await until("it is gone", 10, () => process.child.exitCode !== null || process.child.signalCode !== null);
  }
  await respin();
  await bothSign(since);
  assert.equal(await inBaker("cat", nonces), "revealed-later\n", "the base dir was restored, whenever it was killed");
  const before = await pods();
  assert.doesNotMatch(await respin(), /are missing: /, "a further one finds everything there");
  assert.equal(await pods(), before);
});

test("a cluster that the stack did not make and that is silent stops it, before anything is touched", async () => {
  const elsewhere = new Stack("e2e-elsewhere", 30072);
  const kubeconfig = temporary("dead.kubeconfig");
  writeFileSync(kubeconfig, readFileSync(join(root, testKubeconfig), "utf8").replace(/:6443/, ":1"));
  elsewhere.change((settings) => {
    settings.cluster = { kind: "existing", context: layout.context, kubeconfig };
  });
  const error = await elsewhere.npm("respin", "--yes").then(() => "", String);
  assert.match(error, /does not answer, and this stack did not make it/);
  assert.match(error, /cluster\.context/);
});

test("no signer was told anything, and none saw another host key", () => {
  for (const signer of signers) {
    assert.equal(signer.isRunning(), true);
    assert.equal(signer.sawAnotherHostKey(), false, signer.output());
  }
});

/** Removes the stack from the Pulumi backend of the tests. */
async function forgetState(): Promise<void> {
  const backend = join(root, ".local/pulumi");
  assert.ok(existsSync(backend));
  const env = { ...process.env, PULUMI_BACKEND_URL: `file://${backend}`, PULUMI_CONFIG_PASSPHRASE: stack.passphrase };
  await run("pulumi", ["stack", "rm", stack.name, "--force", "--yes", "--preserve-config"], { cwd: root, env });
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended in the meantime.
  }
}
