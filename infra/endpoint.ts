import type * as pulumi from "@pulumi/pulumi";
import type { StackConfig } from "./config/config.ts";
import type { Facts } from "./facts/preflight.ts";
import { addressId } from "./facts/reservedAddresses.ts";

/** The endpoint that signers dial, and how the cluster offers it. */
export type Endpoint = {
  readonly host: pulumi.Input<string>;
  /** The load balancer's port. */
  readonly port: number;
  /** A fixed port of every node instead of a load balancer. */
  readonly nodePort?: number | undefined;
  /** Additional ports of the same kind that lead to the same sshd. */
  readonly alternatePorts: readonly number[];
  /** The addresses that may dial the load balancer. Empty: all. */
  readonly sourceRanges: readonly string[];
  /** The load balancer's settings for the cluster's cloud, known before anything is made. */
  readonly annotations: Readonly<Record<string, string>>;
};

/** Makes the address and the DNS record that an endpoint of the config needs outside of the cluster. */
export async function makeEndpoint(
  name: string,
  config: NonNullable<StackConfig["endpoint"]>,
  facts: Facts,
  opts?: pulumi.ComponentResourceOptions,
): Promise<Endpoint> {
  const { address, dnsZone, host, ...rest } = config;
  if (!address) return { ...rest, host: host as string, annotations: {} };
  const { PublicAddress } = await import("./publicAddress.ts");
  const number = facts.addresses?.[addressId(address)];
  const made = new PublicAddress(name, { ...address, dnsZone, host, number }, opts);
  return {
    ...rest,
    host: host ?? made.number,
    // The address is given by its name, because its number is not known yet. Only GKE 1.29 or later, with this kind of
    // load balancer, heeds it.
    // https://cloud.google.com/kubernetes-engine/docs/concepts/service-load-balancer-parameters
    annotations: {
      "cloud.google.com/l4-rbs": "enabled",
      "networking.gke.io/load-balancer-ip-addresses": address.name,
    },
  };
}
