import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { text } from "node:stream/consumers";
import * as pulumi from "@pulumi/pulumi";
import type { StackConfig } from "../config/config.ts";
import type { Problem } from "../config/configError.ts";
import { type ListedService, listServices, nodePortsOf, takenNodePorts } from "./nodePorts.ts";
import { isOnPath } from "./onPath.ts";

/** A cluster's address: a kubeconfig's path or content (default: kubectl's own), and one of its contexts. */
type Access = { readonly kubeconfig?: string | undefined; readonly context: string };

/** The kubectl that comes with this machine's own cluster, for users who have none. */
const localKubectl = ".local/bin/kubectl";

/**
 * Looks up with kubectl whether the config's node ports are free, because the provider has no call for that.
 *
 * It ignores a cluster that does not answer, because the provider reports that soon enough. Without the Pulumi engine
 * it asks nothing. The command does so then, because it knows whether it is about to change anything.
 */
export async function lookUpInCluster(stack: string, config: StackConfig, access: Access): Promise<Problem[]> {
  const wanted = nodePortsOf(config);
  if (wanted.length === 0 || process.env.PULUMI_NODEJS_ENGINE === undefined) return [];
  const kubectl = isOnPath("kubectl") ? "kubectl" : existsSync(localKubectl) ? localKubectl : undefined;
  if (kubectl) return takenNodePorts(wanted, stack, (await servicesOf(kubectl, access)) ?? []);
  pulumi.log.warn("found no kubectl on PATH, so nobody has looked whether another Service has the stack's node ports");
  return [];
}

/** Lists the Services of a cluster; undefined without an answer. A kubeconfig's content is passed by stdin. */
async function servicesOf(kubectl: string, { kubeconfig, context }: Access): Promise<ListedService[] | undefined> {
  const content = kubeconfig?.trimStart().startsWith("{") ? kubeconfig : "";
  const path = content ? "/dev/stdin" : kubeconfig;
  const words = [...(path ? ["--kubeconfig", path] : []), "--context", context, ...listServices];
  // kubectl retries a silent cluster several times, each time with its own time-out.
  const child = spawn(kubectl, words, { stdio: ["pipe", "pipe", "ignore"], timeout: 15_000 });
  const code = new Promise((done) => child.on("error", done).on("close", done));
  child.stdin.on("error", () => {}).end(content);
  const answer = await text(child.stdout);
  return (await code) === 0 ? (JSON.parse(answer) as { items: ListedService[] }).items : undefined;
}
