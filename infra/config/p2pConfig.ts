import { isIP } from "node:net";
import { z } from "zod";
import { nodePort, objectOf, port } from "./configFields.ts";
import { addressSchema } from "./endpointConfig.ts";

/** Where peers dial octez-node. */
export const p2pSchema = z.strictObject({ port: port.default(9732), nodePort: nodePort.optional() }, objectOf);

const wantedHost = "an IP address, because octez-dal-node takes no name (--public-addr)";

/** Where peers dial octez-dal-node, which tells them this address. */
const dalEndpoint = z
  .strictObject(
    {
      host: z
        .string(wantedHost)
        .refine((text) => isIP(text) !== 0, wantedHost)
        .optional(),
      port: port.default(11732),
      nodePort: nodePort.optional(),
      address: addressSchema.optional(),
    },
    objectOf,
  )
  .superRefine(({ host, address, nodePort }, ctx) => {
    const issue = (path: string, message: string) => ctx.addIssue({ code: "custom", path: [path], message });
    if (host === undefined && address === undefined) issue("host", `${wantedHost}; or a reserved address`);
    if (host !== undefined && address !== undefined) issue("host", "no host next to an address, which has its number");
    if (nodePort !== undefined && address !== undefined)
      issue("address", "no address next to a nodePort: only a load balancer has one");
  });

/** The DAL node of a baker, or false for none. */
export const dalSchema = z.union(
  [z.literal(false), z.strictObject({ endpoint: dalEndpoint.optional() }, objectOf)],
  "false, or an object with the keys of the config reference",
);

/** Where peers dial a baker's DAL node, as the config describes it. */
export type DalEndpointConfig = z.output<typeof dalEndpoint>;
