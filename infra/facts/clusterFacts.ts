import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { text } from "node:stream/consumers";
import * as pulumi from "@pulumi/pulumi";
import type { StackConfig } from "../config/config.ts";
import type { Problem } from "../config/configError.ts";
import { type ListedService, listServices, nodePortsOf, takenNodePorts } from "./nodePorts.ts";
import { isOnPath } from "./onPath.ts";

/** Where a cluster is found: a path or the content of a kubeconfig, kubectl's own without one, and a context of it. */
type Access = { readonly kubeconfig?: string | undefined; readonly context: string };

/** This machine's own cluster comes with a kubectl, for whom has none. */
const localKubectl = ".local/bin/kubectl";

/**
 * Looks up in a cluster whether the node ports of the config are free. The provider has no call for that, so kubectl is asked.
 *
 * A cluster that does not answer is no problem here: the provider says it soon enough. Without the Pulumi engine nothing is
 * asked: that is the command's to do, which knows whether it is about to change anything.
 */
export async function lookUpInCluster(stack: string, { endpoint }: StackConfig, access: Access): Promise<Problem[]> {
  const wanted = nodePortsOf(endpoint);
  if (wanted.length === 0 || process.env.PULUMI_NODEJS_ENGINE === undefined) return [];
  const kubectl = isOnPath("kubectl") ? "kubectl" : existsSync(localKubectl) ? localKubectl : undefined;
  if (kubectl) return takenNodePorts(wanted, stack, (await servicesOf(kubectl, access)) ?? []);
  pulumi.log.warn(
    "found no kubectl on PATH, so nobody has looked whether another Service has the endpoint's node ports",
  );
  return [];
}

/** The Services of a cluster, or undefined if it does not say. A kubeconfig that is given as its content goes in by stdin. */
async function servicesOf(kubectl: string, { kubeconfig, context }: Access): Promise<ListedService[] | undefined> {
  const content = kubeconfig?.trimStart().startsWith("{") ? kubeconfig : "";
  const path = content ? "/dev/stdin" : kubeconfig;
  const words = [...(path ? ["--kubeconfig", path] : []), "--context", context, ...listServices];
  // kubectl asks a silent cluster several times, each with its own limit.
  const child = spawn(kubectl, words, { stdio: ["pipe", "pipe", "ignore"], timeout: 15_000 });
  const code = new Promise((done) => child.on("error", done).on("close", done));
  child.stdin.on("error", () => {}).end(content);
  const answer = await text(child.stdout);
  return (await code) === 0 ? (JSON.parse(answer) as { items: ListedService[] }).items : undefined;
}
