import { type Problem, showKey } from "./configError.ts";

/** Who reads config of a stack beside the program: Pulumi itself and the providers that the program makes things with. */
export const readers: readonly string[] = ["gcp", "kubernetes", "pulumi", "random"];

/** The keys of the config reference: the program's own. */
export const ownKeys: readonly string[] = [
  "cluster",
  "endpoint",
  "hostKey",
  "hostKeyFingerprint",
  "nextHostKey",
  "signers",
  "bakers",
  "monitoring",
  "images",
];

/** What in a stack's config nobody reads: keys with another prefix than the project's that is no provider's. */
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
