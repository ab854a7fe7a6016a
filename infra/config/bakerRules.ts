import { type Problem, show } from "./configError.ts";
import { problemsOfAddress } from "./endpointRules.ts";
import { type Entry, entriesOf, entryOf } from "./writtenConfig.ts";

/** A key as the config has it, with its path and its role. */
export type KeyEntry = Entry & { readonly path: string; readonly role: "consensus" | "companion" };

/** The keys of the config's bakers as they were written, those of one baker together. */
export function keyEntries(bakers: readonly Entry[]): KeyEntry[][] {
  return bakers.map((baker, i) =>
    entriesOf(baker.delegates).flatMap(({ keys }, j) =>
      (["consensus", "companion"] as const).flatMap((role) =>
        entriesOf(entryOf(keys)?.[role]).map((key, k) => ({
          ...key,
          path: `bakers[${i}].delegates[${j}].keys.${role}[${k}]`,
          role,
        })),
      ),
    ),
  );
}

/** Finds conflicts between the delegates, keys and ports of the stack's bakers. Takes the config as it was written. */
export function problemsOfBakers(bakers: readonly Entry[], endpoint: Entry, cluster: Entry): Problem[] {
  return [
    ...problemsOfRoles(bakers),
    ...problemsOfP2pPorts(bakers, endpoint),
    ...bakers.flatMap(({ dal }, i) => problemsOfAddress(dalEndpointOf(dal), cluster, `bakers[${i}].dal.endpoint`)),
  ];
}

/**
 * Checks that no key and no delegate has two places.
 *
 * Two places that use one key sign twice, and a double signature costs the stake. A delegate's own key may be its
 * consensus key, and nobody else's.
 */
function problemsOfRoles(bakers: readonly Entry[]): Problem[] {
  const first = new Map<unknown, { path: string; use: string }>();
  const owners = new Map<unknown, string>();
  const problems: Problem[] = [];
  const delegates = bakers.flatMap((baker, i) =>
    entriesOf(baker.delegates).map(({ address }, j) => ({ address, path: `bakers[${i}].delegates[${j}]` })),
  );
  for (const { address, path } of delegates) {
    if (typeof address !== "string" || address === "") continue;
    const before = owners.get(address);
    if (before) {
      problems.push({ path: `${path}.address`, found: show(address), wanted: `another than that of ${before}` });
    } else owners.set(address, path);
  }
  for (const { address, path, role } of keyEntries(bakers).flat()) {
    if (typeof address !== "string" || address === "") continue;
    const use = role === "companion" ? "a companion key" : "a consensus key";
    const before = first.get(address);
    const owner = owners.get(address);
    const problem = (wanted: string) => problems.push({ path: `${path}.address`, found: show(address), wanted });
    if (before) problem(`another than that of ${before.path}, ${before.use}`);
    else first.set(address, { path, use });
    if (before || owner === undefined) continue;
    if (role === "companion") problem(`another than that of ${owner}, which is a delegate`);
    else if (!path.startsWith(`${owner}.`)) problem(`a key below ${owner}, whose own key it is`);
  }
  return problems;
}

/** Checks that no two Services of the stack want the same port or reserved address. */
function problemsOfP2pPorts(bakers: readonly Entry[], endpoint: Entry): Problem[] {
  const taken = new Map<string, string>();
  const problems: Problem[] = [];
  const claim = (path: string, found: unknown, use: string, wanted: string) => {
    const before = taken.get(use);
    if (before) problems.push({ path, found: show(found), wanted: `${wanted} that ${before} does not have` });
    else taken.set(use, path);
  };
  const claimPlace = (path: string, { address, host, nodePort, port, alternatePorts }: Entry, usual: number) => {
    const name = entryOf(address)?.name;
    const alternates = Array.isArray(alternatePorts) ? alternatePorts : [];
    const at = (i: number) => `${path}.alternatePorts[${i}]`;
    if (nodePort !== undefined) {
      claim(`${path}.nodePort`, nodePort, `node port ${nodePort}`, "a node port");
      alternates.forEach((each, i) => void taken.set(`node port ${each}`, at(i)));
    } else if (typeof name === "string") {
      // Google gives an address to one load balancer, and the stack would make it twice.
      claim(`${path}.address.name`, name, `address ${name}`, "an address");
    } else if (typeof host === "string") {
      claim(`${path}.port`, port ?? usual, `port ${port ?? usual} of ${host}`, "a port");
      alternates.forEach((each, i) => void taken.set(`port ${each} of ${host}`, at(i)));
    }
  };
  claimPlace("endpoint", endpoint, 22);
  bakers.forEach(({ dal, p2p }, i) => {
    claimPlace(`bakers[${i}].dal.endpoint`, dalEndpointOf(dal), 11732);
    claimPlace(`bakers[${i}].p2p`, entryOf(p2p) ?? {}, 9732);
  });
  return problems;
}

function dalEndpointOf(dal: unknown): Entry {
  return entryOf(entryOf(dal)?.endpoint) ?? {};
}
