import { isOnPath } from "../../infra/facts/onPath.ts";
import { replicaNames } from "../../infra/names/replicaNames.ts";
import { ensureTools } from "../../local/toolchain/tools.ts";
import { progress } from "../cli/command.ts";
import { ForwarderPod } from "../cluster/forwarderPod.ts";
import type { ClusterAddress } from "../cluster/kubectl.ts";
import type { ProgramRun } from "../stack/runProgram.ts";
import type { Stack } from "../stack/stack.ts";
import { addressOfCluster } from "./clusterAddress.ts";
import { hasPulumi, PulumiStack } from "./pulumi.ts";

/** The way to a stack's forwarder. */
export type Reach = {
  readonly address: ClusterAddress;
  /** One for each replica. */
  readonly pods: readonly [ForwarderPod, ...ForwarderPod[]];
};

/** The way to the forwarder of a stack, by the user's kubectl or the project's own. Throws if nobody knows the cluster's address. */
export async function reachForwarder(stack: Stack, program: ProgramRun): Promise<Reach> {
  const address = await addressOfCluster(stack, program, hasPulumi() ? new PulumiStack(stack) : undefined);
  if (!address) {
    throw new Error(
      `stack ${stack.name}: found no address of its cluster in Pulumi's state, wanted a stack that is up, and the pulumi CLI: npm run up -- --stack ${stack.name}`,
    );
  }
  const kubectl = isOnPath("kubectl") ? "kubectl" : (await ensureTools(["kubectl"], progress)).kubectl;
  const { signerEndpoints = [] } = program.outputs as { signerEndpoints?: unknown[] };
  const [first, second] = replicaNames;
  const podOf = (replica: string) => new ForwarderPod(kubectl, address, stack.name, replica);
  return { address, pods: signerEndpoints.length > 1 ? [podOf(first), podOf(second)] : [podOf(first)] };
}
