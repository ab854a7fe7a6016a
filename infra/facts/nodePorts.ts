import type { Problem } from "../config/configError.ts";

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

/** A node port that a stack's config asks for. */
export type WantedPort = { readonly path: string; readonly port: number };

/** The node ports of an endpoint. A load balancer has none here, because the cluster chooses them. */
export function nodePortsOf(endpoint?: {
  nodePort?: number | undefined;
  alternatePorts: readonly number[];
}): WantedPort[] {
  if (endpoint?.nodePort === undefined) return [];
  return [
    { path: "endpoint.nodePort", port: endpoint.nodePort },
    ...endpoint.alternatePorts.map((port, i) => ({ path: `endpoint.alternatePorts[${i}]`, port })),
  ];
}

/** Finds node ports that another Service of the cluster has, for any protocol or for its health checks. */
export function takenNodePorts(
  wanted: readonly WantedPort[],
  stack: string,
  services: readonly ListedService[],
): Problem[] {
  const holders = new Map<number, string>();
  for (const { metadata, spec } of services) {
    if (metadata.namespace === stack && metadata.name === "signer-forwarder") continue;
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
