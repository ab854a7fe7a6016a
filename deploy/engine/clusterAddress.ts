import { mkdirSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { root } from "../../local/machine/checkout.ts";
import { readJson } from "../../local/machine/json.ts";
import { type ClusterAddress, clusterOf } from "../cluster/kubectl.ts";
import type { ProgramRun } from "../stack/runProgram.ts";
import { clusterConfigOf, ownerOfCluster, type Stack } from "../stack/stack.ts";
import type { PulumiStack } from "./pulumi.ts";

/**
 * Whether the stack's cluster, its own or a shared one, is one of Google's.
 *
 * Only Pulumi's state knows the address of such a cluster.
 */
export function isInCloud(stack: Stack): boolean {
  return clusterConfigOf(ownerOfCluster(stack)).kind === "gke";
}

/** The address of a stack's cluster, or undefined for one of Google's that Pulumi's state does not know. */
export async function addressOfCluster(
  stack: Stack,
  program: ProgramRun,
  pulumi: PulumiStack | undefined,
): Promise<ClusterAddress | undefined> {
  if (!isInCloud(stack)) return clusterOf(program);
  if (!pulumi || !(await pulumi.exists())) return undefined;
  const { cluster } = readJson(await pulumi.outputs(), "pulumi stack output") as {
    cluster?: { kubeconfig?: string; context?: string };
  };
  if (!cluster?.kubeconfig || !cluster.context) return undefined;
  // The kubeconfig names the program that gets a credential, and holds none.
  const kubeconfig = `.local/${stack.name}.cluster.kubeconfig`;
  mkdirSync(resolve(root, ".local"), { recursive: true });
  writeFileSync(resolve(root, kubeconfig), cluster.kubeconfig, { mode: 0o600 });
  return { kubeconfig, context: cluster.context };
}
