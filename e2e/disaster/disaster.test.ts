import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { cgroupProcesses } from "../../local/cluster/cgroups.ts";
import { clusterDown, clusterStatus } from "../../local/cluster/localCluster.ts";
import { type Background, stopAll, until } from "../../testbed/background.ts";
import { linkToCluster, makeNetwork, removeNetwork } from "../../testbed/network.ts";
import { clusterName, testCluster } from "../../testbed/testCluster.ts";
import { Stack } from "../../testbed/testStack.ts";

const homes = ["home", "office"];
const stack = new Stack("disaster", 30022);
const signers: Background[] = [];

before(async () => {
  await stack.npm("up");
  await makeNetwork(homes);
  for (const home of homes) signers.push(await stack.startSigner(home));
});

after(async () => {
  await stopAll();
  await stack.npm("down", "--cluster");
  await removeNetwork(homes);
});

/** Waits until each home's key has signed an attestation after a moment. */
async function allSign(since: Date, seconds: number): Promise<void> {
  for (const home of homes) {
    const line = new RegExp(`^${home}-baker: signed attestation`);
    await until(
      `${home} signs`,
      seconds,
      async () => (await stack.bakerLog(since).catch(() => [])).some((text) => line.test(text)),
      () => signers.map((signer) => signer.output()).join(""),
    );
  }
}

test("the cluster is destroyed and made again from the same config, and the unchanged signers are back by themselves", async () => {
  await allSign(new Date(), 60);
  const before = await stack.outputs();

  // As in a disaster, nothing announces it: there is no `down`, and no state records it.
  await clusterDown(clusterName, () => {});
  assert.equal(clusterStatus(clusterName).state, "absent");
  for (const [index, signer] of signers.entries()) {
    await until(`${homes[index]} notices`, 30, () => /reconnecting/.test(signer.output()), signer.output);
  }

  await stack.npm("up");
  await linkToCluster();
  await allSign(new Date(), 90);

  assert.deepEqual(await stack.outputs(), before, "nothing that a signer was told has changed");
  for (const signer of signers) {
    assert.equal(signer.child.exitCode, null, "the same process as before");
    assert.doesNotMatch(signer.output(), /REFUSED|IDENTIFICATION HAS CHANGED|verification failed/);
  }
});

test("a cluster whose processes were all killed is brought back with what was in it", async () => {
  const uid = () => stack.kubectl("get", "namespace", "disaster", "--output", "jsonpath={.metadata.uid}");
  const before = await uid();
  for (const pid of cgroupProcesses(testCluster.cgroup)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It ended together with a process that was killed earlier.
    }
  }
  await until("they are gone", 10, () => clusterStatus(clusterName).running.length === 0);
  await stack.npm("up");
  assert.equal(await uid(), before);
  await allSign(new Date(), 90);
});
