import type { Endpoint } from "./endpoint.ts";

/** A chart's values for the port of a Service that is dialled from outside: a node's, or a load balancer's. */
export function portValues({ nodePort, port }: Pick<Endpoint, "nodePort" | "port">) {
  return nodePort ? { type: "NodePort", nodePort } : { type: "LoadBalancer", port };
}

/** A chart's values for a Service that is dialled from outside, if they differ from the chart's own. */
export function serviceValues(endpoint: Endpoint) {
  const { alternatePorts, annotations, sourceRanges } = endpoint;
  return {
    ...portValues(endpoint),
    ...(alternatePorts.length > 0 && { alternatePorts }),
    ...(sourceRanges.length > 0 && { sourceRanges }),
    ...(Object.keys(annotations).length > 0 && { annotations }),
  };
}
