import type { Endpoint } from "./endpoint.ts";

/** A chart's values for a Service that is dialled from outside, if they differ from the chart's own. */
export function serviceValues({ alternatePorts, annotations, nodePort, port, sourceRanges }: Endpoint) {
  return {
    ...(nodePort ? { type: "NodePort", nodePort } : { type: "LoadBalancer", port }),
    ...(alternatePorts.length > 0 && { alternatePorts }),
    ...(sourceRanges.length > 0 && { sourceRanges }),
    ...(Object.keys(annotations).length > 0 && { annotations }),
  };
}
