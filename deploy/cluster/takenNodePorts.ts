import { ConfigError } from "../../infra/config/configError.ts";
import { type ListedService, listServices, takenNodePorts } from "../../infra/facts/nodePorts.ts";
import { replicaNames } from "../../infra/names/replicaNames.ts";
import type { Manifest } from "../stack/manifest.ts";
import type { Kubectl } from "./kubectl.ts";

type Ports = { readonly ports?: readonly { readonly nodePort?: number }[] };

/** Throws, before anything is made, if another Service of the cluster has a node port that the objects request. */
export async function requireFreeNodePorts(
  kubectl: Kubectl,
  stack: string,
  objects: readonly Manifest[],
): Promise<void> {
  const wanted = objects
    .filter(({ kind }) => kind === "Service")
    .flatMap(({ metadata: { name: service }, spec }) =>
      ((spec as Ports).ports ?? []).flatMap(({ nodePort: port }, i) =>
        port === undefined ? [] : [{ path: pathOf(service, i), port, service }],
      ),
    );
  if (wanted.length === 0) return;
  const { items } = JSON.parse(await kubectl(listServices)) as { items: ListedService[] };
  const problems = takenNodePorts(wanted, stack, items);
  if (problems.length > 0) throw new ConfigError(stack, problems);
}

/** Where the config has the node port of a Service, by its place among the ports that the chart lists. */
function pathOf(service: string, index: number): string {
  const [, baker, program] = /^baker-(.+)-(dal|p2p)$/.exec(service) ?? [];
  if (baker) return `bakers.${baker}.${program === "dal" ? "dal.endpoint" : "p2p"}.nodePort`;
  const endpoint = service === replicaNames[1] ? "endpoint.second" : "endpoint";
  // The endpoint's own port comes first, then the alternate ones in their order.
  return index === 0 ? `${endpoint}.nodePort` : `${endpoint}.alternatePorts[${index - 1}]`;
}
