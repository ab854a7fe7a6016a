import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { localAccess } from "../../infra/config/localCluster.ts";
import { type ClusterName, clusterLayout, clusterNames } from "../../local/cluster/layout.ts";
import { root } from "../../local/machine/checkout.ts";
import type { Options } from "../cli/command.ts";
import { project } from "./project.ts";
import type { ProgramRun } from "./runProgram.ts";
import { openStackFile, readStackFile, type StackFile } from "./stackFile.ts";

/** A stack as a command uses it: its config, with the cluster from `--context` if that is given. */
export type Stack = {
  readonly name: string;
  readonly configFile: string;
  readonly file: StackFile;
  /** Whether `--context` replaced the cluster in the config file. */
  readonly hasOtherCluster: boolean;
};

const clusterKey = `${project}:cluster`;

/** Reads the stack that the options name. `--context` replaces its cluster. */
export function readStack({ stack, configFile, context }: Pick<Options, "stack" | "configFile" | "context">): Stack {
  const file = readStackFile(configFile);
  if (context !== undefined) file.config = { ...file.config, [clusterKey]: { kind: "existing", context } };
  return { name: stack, configFile, file, hasOtherCluster: context !== undefined };
}

/** The config's `cluster`, unchecked. */
export function clusterConfigOf({ file }: Stack): Record<string, unknown> {
  const config = file.config?.[clusterKey];
  return config instanceof Object ? (config as Record<string, unknown>) : {};
}

/**
 * The stack that owns the cluster: itself, unless its cluster is of kind `stack`.
 *
 * The owner's config file must be next to this stack's. Throws if the stacks form a circle.
 */
export function ownerOfCluster(stack: Stack, before: readonly string[] = []): Stack {
  const other = sharedWith(stack);
  if (!other) return stack;
  const chain = [...before, stack.name];
  if (chain.includes(other.name)) {
    const circle = [...chain, other.name].join(", ");
    throw new Error(
      `cluster.stack: found a circle of stacks (${circle}), wanted one with a cluster of its own at its end`,
    );
  }
  return ownerOfCluster(other, chain);
}

/** The stack that `cluster.stack` names, if its config file exists. */
function sharedWith(stack: Stack): Stack | undefined {
  const { kind, stack: reference } = clusterConfigOf(stack);
  if (kind !== "stack" || typeof reference !== "string") return undefined;
  const name = reference.split("/").at(-1) as string;
  const configFile = join(dirname(stack.configFile), `Pulumi.${name}.yaml`);
  if (!existsSync(resolve(root, configFile))) return undefined;
  return { name, configFile, file: readStackFile(configFile), hasOtherCluster: false };
}

/** Runs the program on the stack's config, with decrypted secrets. Throws with every problem of the config. */
export async function runStack(stack: Stack): Promise<ProgramRun> {
  const { configFile, file, name } = stack;
  const config = openStackFile(file, name, configFile);
  const referenced = await referencedOutputs(stack);
  // The Pulumi SDK takes a second to load. Help and earlier errors do not wait for it.
  const { runProgram } = await import("./runProgram.ts");
  return await runProgram(name, config, referenced);
}

/** The outputs of the stack that the config names, by that name, from that stack's config. */
async function referencedOutputs(stack: Stack): Promise<Record<string, Record<string, unknown>>> {
  const { kind, stack: reference } = clusterConfigOf(stack);
  if (kind !== "stack") return {};
  ownerOfCluster(stack);
  const other = sharedWith(stack);
  if (!other) {
    const wanted = `Pulumi.${String(reference).split("/").at(-1)}.yaml beside ${stack.configFile}`;
    throw new Error(
      `cluster.stack: found no config of stack ${reference}, wanted ${wanted}, or the pulumi CLI and its state`,
    );
  }
  const { outputs } = await runStack(other);
  // A state has no undefined values either.
  return { [String(reference)]: JSON.parse(JSON.stringify(outputs)) as Record<string, unknown> };
}

/** A cluster that `npm run up` makes on this machine, with the kubeconfig that it writes. */
export type LocalClusterOfStack = {
  readonly name: ClusterName;
  readonly kubeconfig: string;
  /** How many nodes it has. Default: as many as it has already, or one. */
  readonly nodes?: number;
};

/**
 * The local cluster that a stack names, or undefined for any other cluster.
 *
 * It is of kind `local`, or of kind `existing`, which keeps its nodes: only local clusters write a kubeconfig in `.local/`, each
 * with its context.
 */
export function localClusterOf(stack: Stack): LocalClusterOfStack | undefined {
  const { kind, kubeconfig, context, ...config } = clusterConfigOf(ownerOfCluster(stack));
  if (kind === "local") {
    const name = clusterNames.find((cluster) => cluster === (config.name ?? "dev"));
    return name && { name, kubeconfig: localAccess(name).kubeconfig, nodes: Number(config.nodes ?? 1) };
  }
  if (typeof kubeconfig !== "string" || !kubeconfig.startsWith(".local/")) return undefined;
  const name = clusterNames.find((cluster) => clusterLayout(cluster).context === context);
  return name && { name, kubeconfig };
}
