import { z } from "zod";
import { cidrs } from "./cidr.ts";
import { checked, googleName, googleProject, googleRegion, nodePort, objectOf, port } from "./configFields.ts";
import { problemOfHost, sshSpelling } from "./endpointHost.ts";

const host = checked(problemOfHost, "a DNS name or an IP address").transform(sshSpelling);

/** A reserved regional address of Google's cloud. */
export const addressSchema = z.strictObject(
  {
    name: googleName,
    project: googleProject.optional(),
    region: googleRegion.optional(),
    existing: z.boolean("true or false").default(false),
  },
  objectOf,
);

const dnsZone = z.strictObject({ name: googleName, project: googleProject.optional() }, objectOf);

/** The endpoint of the forwarder's second replica. What it leaves out follows from the first one's. */
const secondSchema = z
  .strictObject(
    {
      host: host.optional(),
      port: port.optional(),
      nodePort: nodePort.optional(),
      alternatePorts: z.array(port, "a list of ports").default([]),
      address: addressSchema.optional(),
    },
    objectOf,
  )
  .optional();

/** The endpoint that signers dial. */
export const endpointSchema = z.strictObject(
  {
    host: host.optional(),
    port: port.default(22),
    nodePort: nodePort.optional(),
    alternatePorts: z.array(port, "a list of ports").default([]),
    sourceRanges: cidrs("IPv4 or IPv6", "a list of CIDRs").default([]),
    address: addressSchema.optional(),
    dnsZone: dnsZone.optional(),
    second: secondSchema,
  },
  objectOf,
);

/** The endpoint that signers dial, as the config describes it, with the defaults filled in. */
export type EndpointConfig = z.output<typeof endpointSchema>;

const noneOfItsOwn: NonNullable<z.output<typeof secondSchema>> = { alternatePorts: [] };

/** The endpoint of one replica. */
export type OneEndpoint = Omit<EndpointConfig, "second">;

/**
 * The endpoint of the forwarder's second replica. What it doesn't have itself is the first one's, but the further ports and
 * the address; its node port is the next one then.
 */
export function secondEndpointOf({ second = noneOfItsOwn, ...first }: EndpointConfig): OneEndpoint {
  const { address: _, host, nodePort, ...shared } = first;
  return {
    ...shared,
    // An address without a name is dialled by its number.
    ...(host !== undefined && !second.address && { host }),
    ...(nodePort !== undefined && { nodePort: nodePort + 1 }),
    ...second,
    port: second.port ?? first.port,
  };
}
