import type { AddressConfig, StackConfig } from "../config/config.ts";

/** The id of a regional address of Google's cloud: what Pulumi imports it by, and what the facts know it by. */
export function addressId({ name, project, region }: Pick<AddressConfig, "name" | "project" | "region">): string {
  return `projects/${project}/regions/${region}/addresses/${name}`;
}

/** The reserved addresses that a config names, each with the key that does. */
export function addressesIn({
  bakers,
  endpoint,
  secondEndpoint,
}: StackConfig): { path: string; address: AddressConfig }[] {
  const dalEndpoints = bakers.map(({ dal }, i) => ({
    path: `bakers[${i}].dal.endpoint.address`,
    address: dal ? dal.endpoint?.address : undefined,
  }));
  const own = [
    { path: "endpoint.address", address: endpoint?.address },
    { path: "endpoint.second.address", address: secondEndpoint?.address },
  ];
  return [...own, ...dalEndpoints].flatMap(({ path, address }) => (address ? [{ path, address }] : []));
}
