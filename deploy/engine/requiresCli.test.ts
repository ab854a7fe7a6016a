import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { dump } from "js-yaml";
import { root } from "../../local/machine/checkout.ts";
import { localClusterOf, readStack, runStack } from "../stack/stack.ts";
import { requireNoCloud } from "./requiresCli.ts";

const folder = mkdtempSync(join(tmpdir(), "cloud-"));
const google = { kind: "gke", project: "my-project", region: "europe-west1", authorizedNetworks: ["203.0.113.0/24"] };
const clusters: Record<string, object> = {
  google,
  "on-google": { kind: "stack", stack: "me/remote-signer-cloud/google" },
  "this-machine": { kind: "existing", kubeconfig: ".local/e2e.kubeconfig", context: "local-e2e" },
  "two-nodes": { kind: "local", nodes: 2 },
  "no-such": { kind: "local", name: "prod" },
  "on-this-machine": { kind: "stack", stack: "this-machine" },
  here: { kind: "stack", stack: "there" },
  there: { kind: "stack", stack: "here" },
  lonely: { kind: "stack", stack: "nobody" },
  unprotected: { ...google, deletionProtection: false },
};
const fileOf = (stack: string) => join(folder, `Pulumi.${stack}.yaml`);

const read = (stack: string) => readStack({ stack, configFile: fileOf(stack) });

before(() => {
  process.chdir(root);
  for (const [stack, cluster] of Object.entries(clusters)) {
    writeFileSync(fileOf(stack), dump({ config: { "remote-signer-cloud:cluster": cluster } }));
  }
});
after(() => rmSync(folder, { recursive: true }));

/** Runs a command on a stack as if the pulumi CLI were not installed. */
function call(command: string, stack: string, options: string[] = [], folders: string[] = []) {
  const others = (process.env.PATH ?? "").split(delimiter).filter((entry) => !existsSync(join(entry, "pulumi")));
  const words = [`deploy/${command}.ts`, "--stack", stack, "--config-file", fileOf(stack), ...options];
  const env = { ...process.env, PATH: [...folders, ...others].join(delimiter) };
  return spawnSync(process.execPath, words, { cwd: root, encoding: "utf8", env });
}

describe("without the pulumi CLI", () => {
  for (const [command, ...options] of [["up"], ["down", "--yes"], ["output"]] as [string, ...string[]][]) {
    test(`${command} says of a stack in Google's cloud that it needs the CLI, and touches nothing`, () => {
      const { status, stderr, stdout } = call(command, "google", options);
      assert.match(
        stderr,
        /^error: stack google: found 10 resources outside .* no pulumi CLI on PATH; .*nothing was changed\n$/,
      );
      assert.deepEqual([status, stdout], [1, ""]);
    });
  }

  test("a stack that shares a cluster of Google's needs it as well", async () => {
    const stack = read("on-google");
    const program = await runStack(stack);
    const message = /^stack on-google: found a cluster that only another stack's state .*nothing was changed$/;
    assert.throws(() => requireNoCloud(stack, program), { message });
  });

  test("the outputs of the config are there to read, without what only a cloud can say", () => {
    const { stdout } = call("output", "google", ["--from-config"]);
    const context = "gke_my-project_europe-west1_google-SUFFIX";
    assert.deepEqual(JSON.parse(stdout), {
      bakers: {},
      cluster: {
        context,
        identifier: context,
        kubectl: `kubectl --context ${context}`,
        getCredentials:
          "gcloud container clusters get-credentials google-SUFFIX --region europe-west1 --project my-project --dns-endpoint",
        snapshotDriver: "pd.csi.storage.gke.io",
        storage: { clientClassName: "remote-signer-cloud-regional", clientSize: "10Gi" },
      },
      hostKeyFingerprint: null,
      knownHosts: null,
      outsideBakers: {},
      signerEndpoints: [],
      signers: {},
    });
  });

  test("a stack gets the cluster of another by that stack's config", async () => {
    const [shared, own] = [await runStack(read("on-this-machine")), await runStack(read("this-machine"))];
    assert.equal((own.outputs.cluster as { context: string }).context, "local-e2e");
    assert.deepEqual(shared.outputs.cluster, own.outputs.cluster);
  });

  test("stacks that share each other's clusters are a mistake", () => {
    assert.match(call("up", "here").stderr, /^error: cluster\.stack: found a circle of stacks \(here, there, here\)/);
  });

  test("a stack that nobody has a config of is a mistake", () => {
    assert.match(
      call("up", "lonely").stderr,
      /^error: cluster\.stack: found no config of stack nobody, wanted Pulumi\.nobody\.yaml/,
    );
  });
});

test("this machine's own cluster is known by the stack at the end of the references", () => {
  const local = (stack: string) => localClusterOf(read(stack));
  assert.deepEqual(local("on-this-machine"), { name: "e2e", kubeconfig: ".local/e2e.kubeconfig" });
  assert.deepEqual(local("two-nodes"), { name: "dev", kubeconfig: ".local/kubeconfig", nodes: 2 });
  assert.deepEqual(["on-google", "lonely", "no-such"].map(local), [undefined, undefined, undefined]);
});

test("a stack that says how many nodes this machine's cluster has reaches it as any other", async () => {
  const { cluster } = (await runStack(read("two-nodes"))).outputs as { cluster: Record<string, unknown> };
  assert.deepEqual(
    [cluster.context, cluster.kubeconfig, cluster.podCidrs],
    ["local", ".local/kubeconfig", ["10.244.0.0/22"]],
  );
});

test("respin says that only the CLI can find a cluster of Google's, and touches nothing", () => {
  const { stderr } = call("respin", "google", ["--yes"]);
  assert.match(stderr, /^error: stack google: .* no pulumi CLI on PATH; .*nothing was changed\n$/);
});

test("respin does not take a cluster of Google's that it can't find for lost, before it has asked", () => {
  writeFileSync(join(folder, "pulumi"), "#!/bin/sh\necho '[]'\n");
  chmodSync(join(folder, "pulumi"), 0o755);
  const { status, stderr } = call("respin", "google", [], [folder]);
  assert.match(stderr, /Pulumi's state knows nothing of.*goes on baking.*gcloud container clusters list/s);
  assert.match(stderr, /found no terminal to ask on, wanted --yes/);
  assert.equal(status, 2);
});

test("respin of a stack that shares a cluster which is lost wants that of the cluster first", () => {
  const { stderr } = call("respin", "on-google", ["--yes"], [folder]);
  assert.match(stderr, /^error: .*stack google has made it: wanted that stack first/m);
});

test("down refuses a cluster that is protected before it removes anything, and no other", () => {
  // It answers every call with an empty list of stacks.
  writeFileSync(join(folder, "pulumi"), "#!/bin/sh\necho '[]'\n");
  chmodSync(join(folder, "pulumi"), 0o755);
  const { stderr } = call("down", "google", ["--yes"], [folder]);
  assert.match(stderr, /^error: cluster\.deletionProtection: found it on, wanted false .*nothing was removed\n$/);
  assert.match(call("down", "unprotected", ["--yes"], [folder]).stderr, /no stack unprotected: nothing to remove/);
});
