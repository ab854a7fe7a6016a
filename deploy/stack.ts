import { type ClusterName, clusterLayout, clusterNames } from "../local/layout.ts";
import type { Options } from "./command.ts";
import { type ProgramRun, project, runProgram } from "./program.ts";
import { openStackFile, readStackFile, type StackFile } from "./stackFile.ts";

/** A stack as a command works on it: its config with `--context` put in. */
export type Stack = {
  readonly name: string;
  readonly configFile: string;
  readonly file: StackFile;
  /** Whether `--context` took the place of the cluster in the config file. */
  readonly hasOtherCluster: boolean;
};

const clusterKey = `${project}:cluster`;

/** Reads the stack that the options name; `--context` takes the place of its cluster. */
export function readStack({ stack, configFile, context }: Options): Stack {
  const file = readStackFile(configFile);
  if (context !== undefined) file.config = { ...file.config, [clusterKey]: { kind: "existing", context } };
  return { name: stack, configFile, file, hasOtherCluster: context !== undefined };
}

/** Runs the program on the stack's config, its secrets opened. Throws every problem of the config. */
export function runStack({ name, file, configFile }: Stack): Promise<ProgramRun> {
  return runProgram(name, openStackFile(file, name, configFile));
}

/** A cluster that `npm run up` makes on this machine, by the kubeconfig and context that it writes. */
export type LocalClusterOfStack = { readonly name: ClusterName; readonly kubeconfig: string };

/**
 * The local cluster that a stack names, or undefined if its cluster is somebody else's.
 *
 * A kubeconfig in `.local/` is one that a local cluster writes, with that cluster's context.
 */
export function localClusterOf({ file }: Stack): LocalClusterOfStack | undefined {
  const { kubeconfig, context } = (file.config?.[clusterKey] ?? {}) as Record<string, unknown>;
  if (typeof kubeconfig !== "string" || !kubeconfig.startsWith(".local/")) return undefined;
  const name = clusterNames.find((cluster) => clusterLayout(cluster).context === context);
  return name && { name, kubeconfig };
}
