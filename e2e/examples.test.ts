import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { kubectlFor } from "../deploy/cluster/kubectl.ts";
import { ensureLocalCluster } from "../deploy/cluster/ownCluster.ts";
import { isNamespace, type Manifest } from "../deploy/stack/manifest.ts";
import { readManifests } from "../deploy/stack/manifests.ts";
import { root } from "../local/machine/checkout.ts";
import { ensureTools } from "../local/toolchain/tools.ts";
import { openKind } from "../testbed/openKind.ts";
import { clusterName, kubeconfig, testCluster } from "../testbed/testCluster.ts";

/** The passphrase that the examples name. */
const passphrase = "remote-signer-cloud-example";
const folder = join(root, "examples");
const kinds = [
  openKind("monitoring.googleapis.com", "PodMonitoring", "podmonitorings"),
  openKind("monitoring.googleapis.com", "Rules", "rules"),
];
const names = kinds.map(({ metadata }) => metadata.name);
const examples = readdirSync(folder).map((file) => file.replace(".yaml", ""));

async function kubectl(words: string[], objects: readonly object[] = []): Promise<string> {
  const { kubectl } = await ensureTools(["kubectl"], () => {});
  const call = kubectlFor(kubectl, { kubeconfig: join(root, kubeconfig), context: testCluster.context });
  return call(words, JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }));
}

const apply = ["apply", "--server-side", "--filename", "-"];

before(async () => {
  await ensureLocalCluster({ name: clusterName, kubeconfig });
  await kubectl(apply, kinds);
  await kubectl(["wait", "--for=condition=Established", ...names.map((name) => `customresourcedefinition/${name}`)]);
});

after(async () => {
  await kubectl(["delete", "customresourcedefinition", ...names, "--ignore-not-found"]);
  await kubectl(["delete", "namespace", ...examples, "--ignore-not-found"]);
});

/** Renders an example as a user would after copying it. */
async function render(example: string): Promise<Manifest[]> {
  const words = ["deploy/render.ts", "--stack", example, "--config-file", join(folder, `${example}.yaml`)];
  const env = { ...process.env, PULUMI_CONFIG_PASSPHRASE: passphrase };
  return readManifests((await promisify(execFile)(process.execPath, words, { cwd: root, env })).stdout);
}

for (const example of examples) {
  test(`a cluster takes every object of examples/${example}.yaml`, async () => {
    const objects = await render(example);
    assert.ok(objects.some(({ kind }) => kind === "StatefulSet"));
    // A dry run makes no namespace for what is in it.
    await kubectl(apply, objects.filter(isNamespace));
    const said = await kubectl([...apply, "--dry-run=server"], objects);
    assert.equal(said.match(/serverside-applied \(server dry run\)$/gm)?.length, objects.length, said);
  });
}
