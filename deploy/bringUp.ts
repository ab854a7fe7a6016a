import { ensureTools } from "../local/tools.ts";
import { progress } from "./command.ts";
import { apply, clusterOf, kubectlFor, requireNoObjects, waitForDeployments } from "./kubectl.ts";
import { manifestsOf } from "./manifests.ts";
import type { ProgramRun } from "./program.ts";
import type { PulumiStack } from "./pulumi.ts";

/** `pulumi up` as a user would call it; `unasked` is what the user has said yes to already. Makes the stack in the backend if it is not there. */
export async function upWithCli(
  pulumi: PulumiStack,
  { unasked, refresh, env = {} }: { unasked: boolean; refresh: boolean; env?: NodeJS.ProcessEnv },
): Promise<void> {
  if (!(await pulumi.exists())) await pulumi.init();
  const words = [...(unasked ? ["--yes", "--skip-preview"] : []), ...(refresh ? ["--refresh"] : [])];
  await pulumi.update("up", words, env);
}

/** Server-side apply of what the program makes, and removal of what it makes no longer. */
export async function upWithKubectl(program: ProgramRun): Promise<void> {
  const { helm, kubectl: binary } = await ensureTools(["helm", "kubectl"], progress);
  const objects = await manifestsOf(program, helm);
  const kubectl = kubectlFor(binary, clusterOf(program));
  if (objects.length === 0) return await requireNoObjects(kubectl, program.stack);
  progress(`applying ${objects.length} objects without the pulumi CLI, which is not on PATH`);
  await apply(kubectl, objects);
  progress("waiting for the signer forwarder");
  await waitForDeployments(kubectl, objects);
}
