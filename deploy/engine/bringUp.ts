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

/** How `pulumi up` is called. */
export type UpOptions = {
  /** Whether the user has said yes already. */
  readonly unasked: boolean;
  /** Whether Pulumi looks first what is really there. */
  readonly refresh: boolean;
  /** The URNs of the only resources that are made, as a pattern of Pulumi's. */
  readonly only?: string;
  readonly env?: NodeJS.ProcessEnv;
};

/** `pulumi up` as a user would call it. Makes the stack in the backend if it is not there. */
export async function upWithCli(pulumi: PulumiStack, { unasked, refresh, only, env = {} }: UpOptions): Promise<void> {
  if (!(await pulumi.exists())) await pulumi.init();
  const words = [
    ...(unasked ? ["--yes", "--skip-preview"] : []),
    ...(refresh ? ["--refresh"] : []),
    ...(only ? ["--target", only] : []),
  ];
  await pulumi.update("up", words, env);
}

/** Server-side apply of what the program makes, and removal of what it makes no longer. */
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
