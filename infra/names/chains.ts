/**
 * The ids of the chains that octez-node knows by name, from the hashes of their genesis blocks (Octez 25,
 * src/lib_node_config/config_file.ml). `sandbox` is left out: Octez gives it mainnet's id, so an id could not tell a
 * rehearsal from the real chain.
 */
const chainIds: Readonly<Record<string, string>> = {
  mainnet: "NetXdQprcVkpaWU",
  ghostnet: "NetXnHfVqm9iesp",
  shadownet: "NetXsqzbfFenSTS",
};

/** The id of a network's chain, or undefined if only its node knows it. */
export function chainIdOf(network: string): string | undefined {
  return Object.hasOwn(chainIds, network) ? chainIds[network] : undefined;
}

/**
 * The shortest time between two blocks of a network, in seconds, which limits how far a level can be ahead.
 * Mainnet's is 6 s since Tallinn; elsewhere a second, below which no network goes.
 */
export function minimalBlockSecondsOf(network: string): number {
  return network === "mainnet" ? 6 : 1;
}
