import type * as pulumi from "@pulumi/pulumi";
import type { StackConfig } from "./config/config.ts";
import type { Facts } from "./facts/preflight.ts";

/** What signers dial, and how the cluster is to offer it. */
export type Endpoint = {
  readonly host: pulumi.Input<string>;
  /** The load balancer's port. */
  readonly port: number;
  /** A fixed port of every node instead of a load balancer. */
  readonly nodePort?: number | undefined;
  /** Further ports of the same kind that lead to the same sshd. */
  readonly alternatePorts: readonly number[];
  /** Who may dial the load balancer; everybody if it is empty. */
  readonly sourceRanges: readonly string[];
  /** What the cluster's cloud must be told of the load balancer: known before anything is made. */
  readonly annotations: Readonly<Record<string, string>>;
};

/** Makes what the config's endpoint needs outside of the cluster: an address, a DNS record. */
export async function makeEndpoint(
  name: string,
  config: NonNullable<StackConfig["endpoint"]>,
  facts: Facts,
  opts?: pulumi.ComponentResourceOptions,
): Promise<Endpoint> {
  const { address, dnsZone, host, ...rest } = config;
  if (!address) return { ...rest, host: host as string, annotations: {} };
  const { PublicAddress } = await import("./publicAddress.ts");
  const made = new PublicAddress(name, { ...address, dnsZone, host, number: facts.address }, opts);
  return {
    ...rest,
    host: host ?? made.number,
    // By its name, which is known, unlike its number. GKE 1.29 or later heeds it, with this kind of load balancer alone.
    // https://cloud.google.com/kubernetes-engine/docs/concepts/service-load-balancer-parameters
    annotations: {
      "cloud.google.com/l4-rbs": "enabled",
      "networking.gke.io/load-balancer-ip-addresses": address.name,
    },
  };
}
