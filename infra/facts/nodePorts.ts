import type { StackConfig } from "../config/config.ts";
import type { Problem } from "../config/configError.ts";
import { bakerRelease } from "../names/releaseNames.ts";
import { replicaNames } from "../names/replicaNames.ts";

/** A Service as a cluster lists it, reduced to its node ports. */
export type ListedService = {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: {
    readonly ports?: readonly { readonly nodePort?: number }[];
    readonly healthCheckNodePort?: number;
  };
};

/** kubectl's arguments to list all Services, which can hold node ports. A cluster that does not answer times out. */
export const listServices = ["get", "services", "--all-namespaces", "--output", "json", "--request-timeout=10s"];

/** A node port that a stack's config asks for, and the Service that gets it. */
export type WantedPort = { readonly path: string; readonly port: number; readonly service: string };

/** The Services of a stack that may have node ports, and where the config has these. */
type Places = Pick<StackConfig, "bakers" | "endpoint" | "secondEndpoint">;

/** The node ports of a stack's config. A load balancer has none here, because the cluster chooses them. */
export function nodePortsOf({ bakers, endpoint, secondEndpoint }: Places): WantedPort[] {
  const wanted = (service: string, path: string, port?: number) =>
    port === undefined ? [] : [{ path, port, service }];
  const ofReplica = (service: string, path: string, endpoint: Places["endpoint"]) =>
    endpoint?.nodePort === undefined
      ? []
      : [
          ...wanted(service, `${path}.nodePort`, endpoint.nodePort),
          ...endpoint.alternatePorts.flatMap((port, i) => wanted(service, `${path}.alternatePorts[${i}]`, port)),
        ];
  return [
    ...ofReplica(replicaNames[0], "endpoint", endpoint),
    ...ofReplica(replicaNames[1], "endpoint.second", secondEndpoint),
    ...bakers.flatMap(({ name, dal, p2p }, i) => [
      ...wanted(
        `${bakerRelease(name)}-dal`,
        `bakers[${i}].dal.endpoint.nodePort`,
        dal ? dal.endpoint?.nodePort : undefined,
      ),
      ...wanted(`${bakerRelease(name)}-p2p`, `bakers[${i}].p2p.nodePort`, p2p?.nodePort),
    ]),
  ];
}

/** Finds node ports that another Service of the cluster has, for any protocol or for its health checks. */
export function takenNodePorts(
  wanted: readonly WantedPort[],
  stack: string,
  services: readonly ListedService[],
): Problem[] {
  const own = new Set(wanted.map(({ service }) => service));
  const holders = new Map<number, string>();
  for (const { metadata, spec } of services) {
    // One Service of the stack may hand its port to another one.
    if (metadata.namespace === stack && own.has(metadata.name)) continue;
    const ports = [...(spec.ports ?? []).map(({ nodePort }) => nodePort), spec.healthCheckNodePort];
    for (const port of ports)
      if (port) holders.set(port, `Service ${metadata.name} of namespace ${metadata.namespace}`);
  }
  return wanted.flatMap(({ path, port }) => {
    const holder = holders.get(port);
    return holder
      ? [{ path, found: `${port}, which ${holder} has`, wanted: "a node port that no other Service has" }]
      : [];
  });
}
