import { type Problem, showKey } from "./configError.ts";

/** The other readers of a stack's config: Pulumi itself and the providers that the program uses. */
export const readers: readonly string[] = ["gcp", "kubernetes", "pulumi", "random"];

/** The program's own keys, as the config reference lists them. */
export const ownKeys: readonly string[] = [
  "cluster",
  "endpoint",
  "forwarder",
  "hostKey",
  "hostKeyFingerprint",
  "nextHostKey",
  "authenticationSeed",
  "nextAuthenticationSeed",
  "signers",
  "bakers",
  "outsideBakers",
  "monitoring",
  "images",
];

/** Finds keys in a stack's config that nothing reads, whose prefix is neither the project's nor a reader's. */
export function problemsOfOthersKeys(keys: readonly string[]): Problem[] {
  return keys.flatMap((key) => {
    const [prefix = "", ...rest] = key.split(":");
    const name = rest.at(-1) as string;
    const isKey = rest.length === 1 || (rest.length === 2 && rest[0] === "config");
    if (isKey && name !== "" && readers.includes(prefix)) return [];
    const wanted = ownKeys.includes(name)
      ? `${name}, with the prefix remote-signer-cloud: or without one`
      : `a prefix that somebody reads: remote-signer-cloud, ${readers.join(", ")}`;
    return [{ path: showKey(key), found: "a key that nobody reads", wanted }];
  });
}
