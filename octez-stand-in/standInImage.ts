/**
 * The stand-in for the Octez image. Its build context is this folder and what no registry is needed for: the pinned
 * Node and the packages that check signatures.
 */
export const octezStandIn = {
  tag: "tezos/tezos:octez-v25.2-stand-in",
  /** The folder of the Dockerfile, from the root of the checkout. */
  folder: "octez-stand-in",
  /** What the context needs besides: path in the context, path from the root of the checkout. */
  extra: {
    node: "node_modules/node/bin/node",
    ...Object.fromEntries(
      ["@noble/curves", "@taquito/core", "@taquito/utils", "base-x", "bignumber.js", "bs58", "bs58check"].map(
        (name) => [`node_modules/${name}`, `node_modules/${name}`],
      ),
    ),
  },
} as const satisfies { tag: string; folder: string; extra: Readonly<Record<string, string>> };
