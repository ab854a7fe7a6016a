import { Network } from "@pulumi/gcp/compute/network.js";
import { Router } from "@pulumi/gcp/compute/router.js";
import { RouterNat } from "@pulumi/gcp/compute/routerNat.js";
import { Subnetwork } from "@pulumi/gcp/compute/subnetwork.js";
import type * as pulumi from "@pulumi/pulumi";

/** Makes a network with one subnetwork, and NAT for nodes without a public address. */
export function makeNetwork(
  name: string,
  fullName: pulumi.Output<string>,
  { project, region }: { readonly project: string; readonly region: string },
  child: pulumi.CustomResourceOptions,
) {
  const network = new Network(`${name}-network`, { name: fullName, project, autoCreateSubnetworks: false }, child);
  const subnetwork = new Subnetwork(
    `${name}-subnetwork`,
    {
      name: fullName,
      project,
      region,
      network: network.id,
      // Room for 1,020 nodes, 256 of them with 110 pods each, and 4,096 Services. Nothing else uses this network.
      ipCidrRange: "10.0.0.0/22",
      secondaryIpRanges: [
        { rangeName: "pods", ipCidrRange: "10.64.0.0/16" },
        { rangeName: "services", ipCidrRange: "10.1.0.0/20" },
      ],
      privateIpGoogleAccess: true,
    },
    child,
  );
  const router = new Router(`${name}-router`, { name: fullName, project, region, network: network.id }, child);
  const nat = new RouterNat(
    `${name}-nat`,
    {
      name: fullName,
      project,
      region,
      router: router.name,
      natIpAllocateOption: "AUTO_ONLY",
      sourceSubnetworkIpRangesToNat: "ALL_SUBNETWORKS_ALL_IP_RANGES",
      logConfig: { enable: true, filter: "ERRORS_ONLY" },
    },
    child,
  );
  return { network, subnetwork, nat };
}
