import { ensureTools } from "../../local/toolchain/tools.ts";
import { progress } from "../cli/command.ts";
import { apply, clusterOf, kubectlFor, requireNoObjects, waitForDeployments } from "../cluster/kubectl.ts";
import { awaitLoadBalancers } from "../cluster/loadBalancer.ts";
import { requireMonitoringApi } from "../cluster/monitoringApi.ts";
import { requireSnapshotApi } from "../cluster/snapshotApi.ts";
import { requireFreeNodePorts } from "../cluster/takenNodePorts.ts";
import { manifestsOf } from "../stack/manifests.ts";
import type { ProgramRun } from "../stack/runProgram.ts";
import type { PulumiStack } from "./pulumi.ts";

/** The options of a call of `pulumi up`. */
export type UpOptions = {
  /** Whether to skip Pulumi's question, because the user has agreed already. */
  readonly unasked: boolean;
  /** Whether Pulumi first looks at what really exists. */
  readonly refresh: boolean;
  /** A Pulumi pattern. If given, only resources whose URN matches are made. */
  readonly only?: string;
  readonly env?: NodeJS.ProcessEnv;
};

/** Runs `pulumi up` as a user would. Makes the stack in the backend if it is missing. */
export async function upWithCli(pulumi: PulumiStack, { unasked, refresh, only, env = {} }: UpOptions): Promise<void> {
  if (!(await pulumi.exists())) await pulumi.init();
  const words = [
    ...(unasked ? ["--yes", "--skip-preview"] : []),
    ...(refresh ? ["--refresh"] : []),
    ...(only ? ["--target", only] : []),
  ];
  await pulumi.update("up", words, env);
}

/** Applies the program's objects server-side, and removes those that it no longer makes. */
export async function upWithKubectl(program: ProgramRun): Promise<void> {
  const { helm, kubectl: binary } = await ensureTools(["helm", "kubectl"], progress);
  const objects = await manifestsOf(program, async () => helm);
  const kubectl = kubectlFor(binary, clusterOf(program));
  if (objects.length === 0) return await requireNoObjects(kubectl, program.stack);
  await requireSnapshotApi(kubectl, objects);
  await requireMonitoringApi(kubectl, objects);
  await requireFreeNodePorts(kubectl, program.stack, objects);
  progress(`applying ${objects.length} objects without the pulumi CLI, which is not on PATH`);
  await apply(kubectl, objects);
  progress("waiting for the signer forwarder");
  await waitForDeployments(kubectl, objects);
  await awaitLoadBalancers(kubectl, objects);
}
