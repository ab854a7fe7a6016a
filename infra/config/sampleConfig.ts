import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { parseHostKey } from "../keys/sshKey.ts";
import { parseConfig } from "./config.ts";
import { ConfigError } from "./configError.ts";

// For tests: a config without mistakes, and what the config says of a change to it.

function makeHostKey(): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return String(privateKey.export({ type: "sec1", format: "pem" }));
}
export const hostKey = makeHostKey();
export const nextHostKey = makeHostKey();
export const hostKeyFingerprint = parseHostKey(hostKey).fingerprint;
export const homeKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICQRUWv/IFj9LhFlAiBNf2LpKS6FQJoGI37wOA48PHyK";
export const officeKey = `${homeKey.slice(0, -4)}AAAA`;
export const nextKey = `${homeKey.slice(0, -4)}BBBB`;
export const bootstrap1 = {
  name: "main",
  address: "tz1KqTpEZ7Yob7QbPE4Hy4Wo8fHG8LhKxZSx",
  publicKey: "edpkuBknW28nW72KG6RoHtYW7p12T6GKc7nAbwYX5m8Wd9sDVC9yav",
  signer: "home",
};

export const bootstrap2 = {
  name: "second",
  address: "tz1fv55cpdomJVPYA5M6BeUhqs9M1DbRB79A",
  publicKey: "edpku9tks4rKmTtjjcwTmMKYH18MamZgMxryTCQvFSDwEpMvXBoB9J",
  signer: "home",
};

export type Tree = Record<string, unknown>;

/** Delegates that sign with their own keys, as most do that have set no consensus key. */
export function delegatesOf<Key extends { address: string }>(...keys: Key[]) {
  return keys.map((key) => ({ address: key.address, keys: { consensus: [key] } }));
}

/** A config without a mistake; each case changes one thing in it. */
export function good() {
  return {
    cluster: { kind: "existing", context: "local" } as Tree,
    endpoint: { host: "signers.example.org" } as Tree,
    hostKey,
    hostKeyFingerprint,
    signers: [
      { name: "home", sshPublicKey: `${homeKey} my laptop`, port: 8443 },
      { name: "office", sshPublicKey: officeKey, nextSshPublicKey: `${nextKey} new`, port: 8453 },
    ] as Tree[],
    bakers: [{ name: "alice", network: "mainnet", delegates: delegatesOf(bootstrap1) }] as Tree[],
  };
}

/** Values as Pulumi passes them. */
export function values(config: Tree): Record<string, string> {
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [
      key,
      /hostKey|seed$/i.test(key) ? String(value) : JSON.stringify(value),
    ]),
  );
}

/** The problems of a good config after a change, as `path: found …; wanted …`. */
export function problemsAfter(change: (config: ReturnType<typeof good>) => void, stack = "dev"): string[] {
  const config = good();
  change(config);
  try {
    parseConfig(stack, values(config as unknown as Tree));
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    assert.match(error.message, /nothing was changed/);
    return error.problems.map(({ path, found, wanted }) => `${path}: found ${found}; wanted ${wanted}`);
  }
}
