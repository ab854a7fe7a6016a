import { isIP } from "node:net";
import { type Problem, show } from "./configError.ts";
import { type Entry, entryOf } from "./writtenConfig.ts";

/** Finds conflicts within an endpoint, or between it and the stack's cluster. Takes the config as it was written. */
export function problemsOfEndpoint(input: Entry): Problem[] {
  const endpoint = entryOf(input.endpoint);
  if (!endpoint) return [];
  return [
    ...problemsOfHost(endpoint),
    ...problemsOfNodePort(endpoint),
    ...problemsOfAlternatePorts(endpoint),
    ...problemsOfAddress(endpoint, entryOf(input.cluster) ?? {}),
  ];
}

function problemsOfHost({ address, dnsZone, host }: Entry): Problem[] {
  const problems: Problem[] = [];
  const path = "endpoint.host";
  if (dnsZone !== undefined) {
    if (host === undefined || isIP(String(host)) !== 0)
      problems.push({ path, found: show(host), wanted: "a name in the dnsZone, which gets a record for it" });
    if (address === undefined)
      problems.push({ path: "endpoint.address", found: "nothing", wanted: "an address, for the dnsZone's record" });
  } else if (host === undefined && address === undefined) {
    problems.push({
      path,
      found: "nothing",
      wanted: "a DNS name or an IP address that signers can dial, or an address",
    });
  }
  return problems;
}

function problemsOfNodePort({ address, nodePort, port, sourceRanges }: Entry): Problem[] {
  if (nodePort === undefined) return [];
  const pointless = (key: string, value: unknown, wanted: string) =>
    value === undefined ? [] : [{ path: `endpoint.${key}`, found: show(value), wanted }];
  return [
    ...pointless("port", port, "no port next to a nodePort, which is the port then"),
    ...pointless("sourceRanges", sourceRanges, "no source ranges next to a nodePort: only a load balancer heeds them"),
    ...pointless("address", address, "no address next to a nodePort: only a load balancer has one"),
  ];
}

function problemsOfAlternatePorts({ alternatePorts, nodePort, port = 22 }: Entry): Problem[] {
  if (!Array.isArray(alternatePorts)) return [];
  const main = nodePort ?? port;
  return alternatePorts.flatMap((alternate, i) => {
    const problem = (wanted: string) => [{ path: `endpoint.alternatePorts[${i}]`, found: show(alternate), wanted }];
    if (alternate === main || alternatePorts.indexOf(alternate) !== i) return problem("a port that is not given twice");
    if (nodePort === undefined || typeof alternate !== "number" || (alternate >= 30000 && alternate <= 32767))
      return [];
    return problem("a node port from 30000 to 32767, as the nodePort is one");
  });
}

/** Checks that an address is where the load balancer is. That place is known only for the stack's own cluster. */
export function problemsOfAddress(endpoint: Entry, cluster: Entry, at = "endpoint"): Problem[] {
  const address = entryOf(endpoint.address);
  if (!address) return [];
  return (["project", "region"] as const).flatMap((key) => {
    const [given, own] = [address[key], cluster.kind === "gke" ? cluster[key] : undefined];
    const path = `${at}.address.${key}`;
    if (own !== undefined && given !== undefined && given !== own)
      return [{ path, found: show(given), wanted: `the cluster's, ${show(own)}, or nothing` }];
    if (given === undefined && cluster.kind !== "gke")
      return [{ path, found: "nothing", wanted: `the ${key} that the address and the cluster are in` }];
    return [];
  });
}
