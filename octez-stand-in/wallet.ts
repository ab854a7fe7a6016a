import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LocalKey } from "./authentication.ts";
import { Refusal } from "./octezError.ts";

/** A key as octez-baker finds it in its base directory. */
export type WalletKey = {
  readonly alias: string;
  readonly address: string;
  readonly publicKey: string;
  /** The signer's URL, without the address at its end. */
  readonly signerUrl: string;
};

/** The keys of these aliases (of all if none is given) from the files public_key_hashs, public_keys and secret_keys. */
export function readWallet(baseDir: string, aliases: readonly string[]): WalletKey[] {
  const hashes = readAliases(baseDir, "public_key_hash", isText);
  const publicKeys = readAliases(baseDir, "public_key", isPublicKey);
  const secretKeys = readAliases(baseDir, "secret_key", isText);
  return (aliases.length > 0 ? aliases : [...secretKeys.keys()]).map((alias) => {
    const address = hashes.get(alias) ?? refuse(`no public key hash alias named ${alias}`);
    const publicKey = publicKeys.get(alias) ?? refuse(`Unknown public key for ${address}`);
    const secretKey = secretKeys.get(alias) ?? refuse(`Unknown secret key for ${address}`);
    // Octez would ask the signer for it at the start, and end if the signer is offline.
    if (typeof publicKey === "string") refuse(`The public key of ${alias} is not in the wallet`);
    const { key } = publicKey as { key: string };
    return { alias, address, publicKey: key, signerUrl: signerUrlOf(secretKey, address) };
  });
}

/** The keys whose secret half is in the wallet, in the order of their addresses there. */
export function readLocalKeys(baseDir: string): LocalKey[] {
  const secretKeys = readAliases(baseDir, "secret_key", isText);
  return [...readAliases(baseDir, "public_key_hash", isText)].flatMap(([alias, address]) => {
    const [, secretKey] = /^unencrypted:(.*)$/.exec(secretKeys.get(alias) ?? "") ?? [];
    return secretKey === undefined ? [] : [{ alias, address, secretKey }];
  });
}

/** What the wallet knows under an alias. */
export type Known = {
  readonly alias: string;
  readonly address: string;
  readonly key?: string;
  readonly scheme?: string;
};

/** All that a wallet knows, in the order of its addresses. */
export function readKnown(baseDir: string): Known[] {
  const publicKeys = readAliases(baseDir, "public_key", isPublicKey);
  const secretKeys = readAliases(baseDir, "secret_key", isText);
  return [...readAliases(baseDir, "public_key_hash", isText)].map(([alias, address]) => {
    const publicKey = publicKeys.get(alias);
    const [scheme] = secretKeys.get(alias)?.split(":") ?? [];
    return {
      ...{ alias, address },
      ...(typeof publicKey === "object" && { key: publicKey.key }),
      ...(scheme !== undefined && { scheme }),
    };
  });
}

/** Adds a key to a wallet. Refuses an alias that is there, unless `force`. */
export function addKey(baseDir: string, added: AddedKey, force: boolean): void {
  const { alias, address, locator, publicKey, secretKey } = added;
  mkdirSync(baseDir, { recursive: true });
  const values = {
    public_key_hash: address,
    public_key: { locator, key: publicKey },
    ...(secretKey !== undefined && { secret_key: secretKey }),
  };
  for (const [kind, value] of Object.entries(values)) {
    const entries = readAliases<unknown>(baseDir, kind, (each): each is unknown => each !== undefined);
    if (entries.has(alias) && !force)
      refuse(`The ${kind} alias ${alias} already exists. Use --force to update the existing ${kind}.`);
    entries.set(alias, value);
    const list = [...entries].map(([name, each]) => ({ name, value: each }));
    writeFileSync(join(baseDir, `${kind}s`), `${JSON.stringify(list, null, 2)}\n`, { mode: 0o600 });
  }
}
export type AddedKey = {
  readonly alias: string;
  readonly address: string;
  readonly locator: string;
  readonly publicKey: string;
  readonly secretKey?: string;
};

/** `http://host:port/path/tz1…` without the address. */
function signerUrlOf(locator: string, address: string): string {
  const url = URL.canParse(locator) ? new URL(locator) : refuse(`Cannot parse the key uri of ${address}`);
  if (url.protocol !== "http:") refuse(`No matching plugin for key scheme ${url.protocol.slice(0, -1)}`);
  const [, base, last] = /^(.*)\/([^/]*)$/.exec(locator) ?? [];
  if (base === undefined || last !== address) refuse(`The secret key ${locator} is not one of ${address}`);
  return base as string;
}

function readAliases<T>(baseDir: string, kind: string, is: (value: unknown) => value is T): Map<string, T> {
  const file = join(baseDir, `${kind}s`);
  if (!existsSync(file)) return new Map();
  let entries: unknown;
  try {
    entries = JSON.parse(readFileSync(file, "utf8"));
  } catch {
    refuse(`could not read the ${kind} alias file`);
  }
  if (!Array.isArray(entries)) refuse(`did not understand the ${kind} alias file ${file}`);
  const result = new Map<string, T>();
  for (const entry of entries as unknown[]) {
    const { name, value } = (entry ?? {}) as { name?: unknown; value?: unknown };
    if (!isText(name) || !is(value)) refuse(`did not understand the ${kind} alias file ${file}`);
    result.set(name as string, value as T);
  }
  return result;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function isPublicKey(value: unknown): value is string | { locator: string; key: string } {
  const { locator, key } = (value ?? {}) as { locator?: unknown; key?: unknown };
  return isText(value) || (isText(locator) && isText(key));
}

function refuse(message: string): never {
  throw new Refusal(`${message}`);
}
