import { ConfigError } from "../../infra/config/configError.ts";
import { type ListedService, listServices, takenNodePorts } from "../../infra/facts/nodePorts.ts";
import type { Manifest } from "../stack/manifest.ts";
import type { Kubectl } from "./kubectl.ts";

type Ports = { readonly ports?: readonly { readonly nodePort?: number }[] };

/** Throws, before anything is made, if another Service of the cluster has a node port that the objects request. */
export async function requireFreeNodePorts(
  kubectl: Kubectl,
  stack: string,
  objects: readonly Manifest[],
): Promise<void> {
  const ports = objects
    .filter(({ kind, metadata }) => kind === "Service" && metadata.name === "signer-forwarder")
    .flatMap(({ spec }) => (spec as Ports).ports ?? []);
  // The chart lists the endpoint's own port first, then the alternate ones in their order.
  const wanted = ports.flatMap(({ nodePort: port }, i) =>
    port === undefined ? [] : [{ path: i === 0 ? "endpoint.nodePort" : `endpoint.alternatePorts[${i - 1}]`, port }],
  );
  if (wanted.length === 0) return;
  const { items } = JSON.parse(await kubectl(listServices)) as { items: ListedService[] };
  const problems = takenNodePorts(wanted, stack, items);
  if (problems.length > 0) throw new ConfigError(stack, problems);
}
