import type { Problem } from "../config/configError.ts";

/** A Service as a cluster lists it, as far as its node ports go. */
export type ListedService = {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: {
    readonly ports?: readonly { readonly nodePort?: number }[];
    readonly healthCheckNodePort?: number;
  };
};

/** The words with which kubectl lists what can hold a node port; the limit is for a cluster that does not answer. */
export const listServices = ["get", "services", "--all-namespaces", "--output", "json", "--request-timeout=10s"];

/** A node port that a stack's config asks for. */
export type WantedPort = { readonly path: string; readonly port: number };

/** The node ports of an endpoint; none, if it is a load balancer, whose node ports the cluster chooses. */
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

/** The node ports that another Service of the cluster has: also as its port for health checks, and for whatever protocol. */
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
