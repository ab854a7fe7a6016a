import { type Problem, show } from "./configError.ts";
import { problemsOfAddress } from "./endpointRules.ts";
import { type Entry, entriesOf, entryOf } from "./writtenConfig.ts";

/** A key as the config has it, with its path and its role. */
export type KeyEntry = Entry & { readonly path: string; readonly role: "consensus" | "companion" };

/** A baker as it was written, with its path: one of the stack's, or one outside of it. */
export type WrittenBaker = { readonly path: string; readonly baker: Entry };

/** The bakers of both lists. */
export function writtenBakers(input: Entry): WrittenBaker[] {
  return ["bakers", "outsideBakers"].flatMap((list) =>
    entriesOf(input[list]).map((baker, i) => ({ path: `${list}[${i}]`, baker })),
  );
}

/** The keys of bakers as they were written, those of one baker together. */
export function keyEntries(bakers: readonly WrittenBaker[]): KeyEntry[][] {
  return bakers.map(({ path, baker }) =>
    entriesOf(baker.delegates).flatMap(({ keys }, j) =>
      (["consensus", "companion"] as const).flatMap((role) =>
        entriesOf(entryOf(keys)?.[role]).map((key, k) => ({
          ...key,
          path: `${path}.delegates[${j}].keys.${role}[${k}]`,
          role,
        })),
      ),
    ),
  );
}

/** Finds conflicts between the delegates, keys and ports of the bakers. Takes the config as it was written. */
export function problemsOfBakers(input: Entry): Problem[] {
  const bakers = entriesOf(input.bakers);
  const cluster = entryOf(input.cluster) ?? {};
  return [
    ...problemsOfRoles(writtenBakers(input)),
    ...problemsOfP2pPorts(bakers, entryOf(input.endpoint) ?? {}),
    ...bakers.flatMap(({ dal }, i) => problemsOfAddress(dalEndpointOf(dal), cluster, `bakers[${i}].dal.endpoint`)),
  ];
}

/**
 * Checks that no key and no delegate has two places.
 *
 * Two places that use one key sign twice, and a double signature costs the stake. A delegate's own key may be its
 * consensus key, and nobody else's.
 */
function problemsOfRoles(bakers: readonly WrittenBaker[]): Problem[] {
  const first = new Map<unknown, { path: string; use: string }>();
  const owners = new Map<unknown, string>();
  const problems: Problem[] = [];
  const delegates = bakers.flatMap(({ path, baker }) =>
    entriesOf(baker.delegates).map(({ address }, j) => ({ address, path: `${path}.delegates[${j}]` })),
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
