import * as pulumi from "@pulumi/pulumi";
import type { ClusterAccess } from "../cluster/clusterAccess.ts";
import type { StackConfig } from "../config/config.ts";
import { ConfigError, type Problem, show } from "../config/configError.ts";
import { localAccess } from "../config/localCluster.ts";
import { lookUpInCluster } from "./clusterFacts.ts";
import { isOnPath } from "./onPath.ts";
import { addressesIn } from "./reservedAddresses.ts";

/** Facts that the program looks up before it makes anything. */
export type Facts = {
  /** The number of each of the config's reserved addresses that exists, by its `addressId`. */
  readonly addresses?: Readonly<Record<string, string>>;
  /** The cluster of the stack that the config names. */
  readonly sharedCluster?: ClusterAccess;
};

const authPlugin = "gke-gcloud-auth-plugin";

/**
 * Looks up everything outside of the stack that the config relies on.
 *
 * This is another stack's cluster, free node ports, regions, addresses and DNS zones of Google's cloud, and the program
 * that kubeconfigs of Google's clusters call. Throws ConfigError with everything that differs from the config, before
 * anything is made. Without the Pulumi engine, questions that cannot be answered count as passed.
 */
export async function lookUp(stack: string, config: StackConfig): Promise<Facts> {
  const { cluster } = config;
  const [google, shared] = await Promise.all([
    cluster.kind === "gke" || addressesIn(config).length > 0 ? askGoogle(config) : undefined,
    cluster.kind === "stack" ? readCluster(cluster.stack) : undefined,
  ]);
  const problems = [...(google?.problems ?? []), ...(shared?.problems ?? [])];
  const needsPlugin = (cluster.kind === "gke" && google?.answered) || shared?.cluster?.kubeconfig?.includes(authPlugin);
  if (needsPlugin && !isOnPath(authPlugin)) {
    problems.push({
      path: "cluster",
      found: `no program ${authPlugin} on PATH`,
      wanted:
        "it, to log in to the cluster: `gcloud components install gke-gcloud-auth-plugin`, or the package google-cloud-cli-gke-gcloud-auth-plugin of Google's apt repository",
    });
  }
  const own = cluster.kind === "local" ? localAccess(cluster.name) : undefined;
  const access = cluster.kind === "existing" ? cluster : (own ?? shared?.cluster);
  if (access) problems.push(...(await lookUpInCluster(stack, config, access)));
  if (problems.length > 0) throw new ConfigError(stack, problems);
  return {
    ...(google?.addresses && { addresses: google.addresses }),
    ...(shared?.cluster && { sharedCluster: shared.cluster }),
  };
}

async function askGoogle(config: StackConfig) {
  const { lookUpAtGoogle } = await import("./googleFacts.ts");
  return await lookUpAtGoogle(config);
}

/** Reads the output `cluster` of another stack. */
async function readCluster(stack: string): Promise<{ cluster?: ClusterAccess; problems: Problem[] }> {
  const { value } = await new pulumi.StackReference(stack).getOutputDetails("cluster");
  if (value) return { cluster: value, problems: [] };
  const found = `${show(stack)}, a stack without the output \`cluster\``;
  return { problems: [{ path: "cluster.stack", found, wanted: "a stack of this project that is up" }] };
}
