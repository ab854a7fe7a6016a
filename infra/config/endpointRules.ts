import { isIP } from "node:net";
import { type Problem, show } from "./configError.ts";
import { nodePorts } from "./configFields.ts";
import { type Entry, entryOf, replicasIn } from "./writtenConfig.ts";

/** Finds conflicts within an endpoint, or between it and the stack's cluster. Takes the config as it was written. */
export function problemsOfEndpoint(input: Entry): Problem[] {
  const endpoint = entryOf(input.endpoint);
  if (!endpoint) return [];
  return [
    ...problemsOfHost(endpoint),
    ...problemsOfNodePort(endpoint),
    ...problemsOfAlternatePorts(endpoint),
    ...problemsOfAddress(endpoint, entryOf(input.cluster) ?? {}),
    ...problemsOfReplicas(endpoint, input),
  ];
}

/** Checks that each of two replicas has a node and an endpoint of its own. */
function problemsOfReplicas(endpoint: Entry, input: Entry): Problem[] {
  const second = entryOf(endpoint.second);
  if (replicasIn(input) === 1) {
    const wanted = "none, or forwarder.replicas: 2, whose second replica it is for";
    return second ? [{ path: "endpoint.second", found: "an endpoint", wanted }] : [];
  }
  const cluster = entryOf(input.cluster) ?? {};
  return [
    ...problemsOfNodes(cluster),
    ...(endpoint.nodePort === undefined
      ? problemsOfSecondAddress(endpoint, second)
      : problemsOfSecondNodePort(endpoint, second)),
    ...problemsOfAddress(second ?? {}, cluster, "endpoint.second"),
  ];
}

function problemsOfNodes({ kind, nodePool, nodes = 1 }: Entry): Problem[] {
  const { maxNodes } = entryOf(nodePool) ?? {};
  const [few, key] = kind === "local" ? [nodes, "nodes"] : kind === "gke" ? [maxNodes, "nodePool.maxNodes"] : [];
  if (few !== 1) return [];
  const wanted = `1, or cluster.${key} of 2 or more: two replicas are never on one node`;
  return [{ path: "forwarder.replicas", found: "2", wanted }];
}

/** A load balancer and its address lead to one replica. */
function problemsOfSecondAddress({ dnsZone, host, port = 22 }: Entry, second: Entry = {}): Problem[] {
  const path = "endpoint.second";
  if (second.nodePort !== undefined)
    return [{ path: `${path}.nodePort`, found: show(second.nodePort), wanted: "none, as the endpoint has none" }];
  if (second.host === undefined && second.address === undefined)
    return [{ path, found: "no host and no address", wanted: "one: a load balancer leads to one replica" }];
  if (second.host !== undefined && second.host === host && (second.port ?? port) === port)
    return [{ path: `${path}.host`, found: show(host), wanted: "another than endpoint.host, or another port" }];
  if (dnsZone !== undefined && (second.host === undefined || second.address === undefined))
    return [{ path, found: "no host or no address", wanted: "both, for a record in the dnsZone" }];
  return problemsOfAlternatePorts({ port, ...second }, path);
}

function problemsOfSecondNodePort({ alternatePorts, nodePort }: Entry, second: Entry = {}): Problem[] {
  const path = "endpoint.second";
  const pointless = (["port", "address"] as const).flatMap((key) =>
    second[key] === undefined
      ? []
      : [{ path: `${path}.${key}`, found: show(second[key]), wanted: `no ${key} next to endpoint.nodePort` }],
  );
  if (typeof nodePort !== "number") return pointless;
  const taken = [nodePort, ...(Array.isArray(alternatePorts) ? alternatePorts : [])];
  const isGiven = second.nodePort !== undefined;
  const own = second.nodePort ?? nodePort + 1;
  const problem = (wanted: string) => [
    { path: `${path}.nodePort`, found: isGiven ? show(own) : `${own}, the next one`, wanted },
  ];
  return [
    ...pointless,
    // One that is given is within the range, or the schema says so.
    ...(!isGiven && nodePort === nodePorts[1] ? problem(`a node port from ${nodePorts.join(" to ")}`) : []),
    ...(taken.includes(own) ? problem("a port that is not given twice") : []),
    ...problemsOfAlternatePorts({ alternatePorts: second.alternatePorts, nodePort: own }, path, taken),
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

/** Checks the further ports of an endpoint. `taken` are those of another one. */
function problemsOfAlternatePorts(
  { alternatePorts, nodePort, port = 22 }: Entry,
  at = "endpoint",
  taken: readonly unknown[] = [],
): Problem[] {
  if (!Array.isArray(alternatePorts)) return [];
  const others = [nodePort ?? port, ...taken];
  return alternatePorts.flatMap((alternate, i) => {
    const problem = (wanted: string) => [{ path: `${at}.alternatePorts[${i}]`, found: show(alternate), wanted }];
    if (others.includes(alternate) || alternatePorts.indexOf(alternate) !== i)
      return problem("a port that is not given twice");
    if (nodePort === undefined || typeof alternate !== "number") return [];
    const [least, most] = nodePorts;
    if (alternate >= least && alternate <= most) return [];
    return problem(`a node port from ${least} to ${most}, as the nodePort is one`);
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
