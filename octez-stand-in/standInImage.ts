/**
 * The stand-in for the Octez image. Its build context is this folder, the options of Octez's programs, the pinned Node
 * and the packages that check signatures. None of these needs a registry.
 */
export const octezStandIn = {
  tag: "tezos/tezos:octez-v25.2-stand-in",
  /** The folder of the Dockerfile, from the root of the checkout. */
  folder: "octez-stand-in",
  /** What else the context needs: path in the context to path from the root of the checkout. */
  extra: {
    node: "node_modules/node/bin/node",
    ...Object.fromEntries(["infra/octez/options.ts", "infra/octez/readArguments.ts"].map((file) => [file, file])),
    ...Object.fromEntries(
      ["@noble/curves", "@taquito/core", "@taquito/utils", "base-x", "bignumber.js", "bs58", "bs58check"].map(
        (name) => [`node_modules/${name}`, `node_modules/${name}`],
      ),
    ),
  },
} as const satisfies { tag: string; folder: string; extra: Readonly<Record<string, string>> };
