import type * as pulumi from "@pulumi/pulumi";
import type { BakerConfig } from "./config/config.ts";
import { type Endpoint, makeEndpoint } from "./endpoint.ts";
import type { Facts } from "./facts/preflight.ts";

/** Makes what a baker's DAL node needs to be dialled, if the config says where. */
export async function makeDalEndpoint(
  name: string,
  dal: BakerConfig["dal"],
  facts: Facts,
  opts?: pulumi.ComponentResourceOptions,
): Promise<Endpoint | undefined> {
  const endpoint = dal ? dal.endpoint : undefined;
  if (!endpoint) return undefined;
  return await makeEndpoint(name, { alternatePorts: [], sourceRanges: [], ...endpoint }, facts, opts);
}
