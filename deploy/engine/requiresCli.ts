import type { ProgramRun, Registered } from "../stack/runProgram.ts";
import { clusterConfigOf, ownerOfCluster, type Stack } from "../stack/stack.ts";

/** The resources of a run that are neither in the cluster nor Pulumi's own. Only the CLI can make them. */
export function cloudResources({ resources }: ProgramRun): Registered[] {
  return resources.filter(({ type }) => !/^(kubernetes|pulumi|remote-signer-cloud):/.test(type));
}

/** Throws, before anything is touched, if the stack needs the pulumi CLI, which is missing. */
export function requireNoCloud(stack: Stack, program: ProgramRun): void {
  const count = cloudResources(program).length;
  const { signerEndpoints = [] } = program.outputs as { signerEndpoints?: { host?: string }[] };
  const needs = count
    ? `${count} resources outside of the cluster's objects`
    : clusterConfigOf(ownerOfCluster(stack)).kind === "gke"
      ? "a cluster that only another stack's state can find"
      : signerEndpoints.some(({ host }) => host === undefined)
        ? "an endpoint.address whose number only its cloud can say"
        : undefined;
  if (needs === undefined) return;
  throw new Error(
    `stack ${stack.name}: found ${needs}, and no pulumi CLI on PATH; wanted the CLI (https://www.pulumi.com/docs/install/); npm run render names them and prints the rest; nothing was changed`,
  );
}
