import { existsSync, readFileSync } from "node:fs";
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
