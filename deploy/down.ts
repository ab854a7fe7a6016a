import { existsSync } from "node:fs";
import { clusterLayout } from "../local/cluster/layout.ts";
import { clusterDown, clusterStatus } from "../local/cluster/localCluster.ts";
import { ensureTools } from "../local/toolchain/tools.ts";
import { commonHelp, type Options, progress, runCommand, UsageError } from "./cli/command.ts";
import { confirm } from "./cli/confirm.ts";
import { clusterOf, kubectlFor, removeFromCluster, requireOwnNamespace } from "./cluster/kubectl.ts";
import { hasPulumi, PulumiStack } from "./engine/pulumi.ts";
import { requireNoCloud } from "./engine/requiresCli.ts";
import { clusterConfigOf, localClusterOf, readStack, runStack, type Stack } from "./stack/stack.ts";

const help = `
npm run down -- [options]

Removes a stack from its cluster: its namespace and everything in it, the bakers' volumes included. A cluster that the
stack has made goes as well, unless cluster.deletionProtection is on; a reserved address and its DNS record are kept.

  --cluster             remove this machine's own cluster as well, with all that is in it
  --yes                 do not ask; needed without a terminal, unless the cluster is this machine's own
${commonHelp}
`;

await runCommand({ help, switches: ["cluster", "yes"] }, async (options) => {
  const stack = readStack(options);
  const local = localClusterOf(stack);
  if (options.has("cluster") && !local) {
    throw new UsageError(`--cluster: found a stack whose cluster is not this machine's own, which this can't remove`);
  }
  const running = !local || clusterStatus(local.name).state === "running";
  if (hasPulumi()) await downWithCli(stack, options, local !== undefined, running);
  else if (running) await downWithKubectl(stack, options, local !== undefined);
  else progress(`the local cluster ${local?.name} does not run: nothing to remove`);
  if (local && options.has("cluster")) {
    await clusterDown(local.name, progress);
    const { snapshots } = clusterLayout(local.name);
    if (existsSync(snapshots))
      progress(`snapshots of bakers stay, as a cloud's would: rm -r ${snapshots} removes them`);
  }
});

async function downWithCli(stack: Stack, options: Options, local: boolean, running: boolean): Promise<void> {
  const { deletionProtection = true, kind } = clusterConfigOf(stack);
  if (kind === "gke" && deletionProtection !== false) {
    throw new Error("cluster.deletionProtection: found it on, wanted false and an `up` first; nothing was removed");
  }
  const pulumi = new PulumiStack(stack);
  if (!(await pulumi.exists())) return progress(`the backend has no stack ${stack.name}: nothing to remove`);
  const unasked = local || options.has("yes") ? ["--yes", "--skip-preview"] : [];
  // If a local cluster is gone, so are its objects. Pulumi must not assume that of any other cluster.
  const env = running ? {} : { PULUMI_K8S_DELETE_UNREACHABLE: "true" };
  // An address outlives its stack.
  await pulumi.update("destroy", ["--exclude-protected", ...unasked, ...(running ? [] : ["--refresh"])], env);
}

async function downWithKubectl(stack: Stack, options: Options, local: boolean): Promise<void> {
  if (!local && !options.has("yes"))
    await confirm(`Remove stack ${stack.name} and the volumes of its bakers?`, stack.name);
  const program = await runStack(stack);
  requireNoCloud(stack, program);
  const { kubectl: binary } = await ensureTools(["kubectl"], progress);
  const kubectl = kubectlFor(binary, clusterOf(program));
  await requireOwnNamespace(kubectl, stack.name);
  progress(`removing namespace ${stack.name} and everything in it`);
  await kubectl(["delete", "namespace", stack.name, "--ignore-not-found", "--wait", "--timeout=180s"]);
  await removeFromCluster(kubectl, stack.name);
}
