import { existsSync, readFileSync } from "node:fs";
import { show, showKey } from "../../infra/config/configError.ts";
import { ownKeys } from "../../infra/config/othersKeys.ts";
import { openPassphrase, type Passphrase } from "./passphrase.ts";
import { project } from "./project.ts";
import { readYaml } from "./stackYaml.ts";

/** A stack's config as the Pulumi engine passes it to a program: full keys, objects as JSON, secrets in the clear. */
export type StackValues = {
  readonly values: Record<string, string>;
  /** The keys whose values hold a secret. */
  readonly secretKeys: string[];
};

/** The content of a stack's file, before anything is decrypted. */
export type StackFile = {
  config?: Record<string, unknown>;
  encryptionsalt?: string;
  secretsprovider?: string;
};

/** The passphrase of the development stack. It protects only a development key, and the README publishes it too. */
const developmentPassphrase = "remote-signer-cloud-dev";

/** Reads a stack's file. Throws if it is missing or invalid. */
export function readStackFile(path: string): StackFile {
  if (!existsSync(path)) {
    throw new Error(`${path}: found no such file, wanted the stack's config (the README says what is in it)`);
  }
  const content = readYaml(readFileSync(path, "utf8"), path) ?? {};
  if (!isMapping(content)) {
    throw new Error(`${path}: found no mapping, wanted a stack's config with the key config`);
  }
  const outside = Object.keys(content).find((key) => key.startsWith(`${project}:`) || ownKeys.includes(key));
  if (outside !== undefined)
    throw new Error(`${path}: found the key ${showKey(outside)} beside config, wanted it below, with spaces in front`);
  return { ...content, ...(content.config !== undefined && { config: withPrefixes(content.config, path) }) };
}

/**
 * A stack's config with full keys, as the pulumi CLI makes them. A key without a prefix is the project's own.
 *
 * Throws for a key that exists with and without the prefix, because the CLI picks one of the two by chance.
 */
function withPrefixes(config: unknown, path: string): Record<string, unknown> {
  if (config === null) return {};
  if (!isMapping(config))
    throw new Error(`${path}: config: found ${show(config)}, wanted a mapping of keys and values`);
  const whole = Object.keys(config).map((key) => [wholeKey(key), key] as const);
  const clash = whole.find(([key], i) => whole.findIndex(([other]) => other === key) < i);
  if (clash) {
    const spellings = whole.filter(([key]) => key === clash[0]).map(([, written]) => showKey(written));
    throw new Error(
      `${path}: config: found one key in ${spellings.length} spellings (${spellings.join(", ")}), wanted one of them`,
    );
  }
  return Object.fromEntries(whole.map(([key, written]) => [key, config[written]]));
}

function wholeKey(key: string): string {
  const parts = key.split(":");
  if (parts.length === 1) return `${project}:${key}`;
  // An old spelling of Pulumi's that the CLI still reads.
  return parts.length === 3 && parts[1] === "config" ? `${parts[0]}:${parts[2]}` : key;
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * The variables to add to the environment so that Pulumi can read this stack's secrets.
 *
 * They hold the dev stack's documented passphrase, unless the environment has one.
 */
export function passphraseVariables(stack: string, env = process.env): Record<string, string> {
  const given = env.PULUMI_CONFIG_PASSPHRASE !== undefined || env.PULUMI_CONFIG_PASSPHRASE_FILE !== undefined;
  return given || stack !== "dev" ? {} : { PULUMI_CONFIG_PASSPHRASE: developmentPassphrase };
}

/** Decrypts a stack's secrets with the passphrase that Pulumi would use. If that fails, throws and names the key. */
export function openStackFile(file: StackFile, stack: string, path: string): StackValues {
  const values: Record<string, string> = {};
  const secretKeys: string[] = [];
  let opened: Passphrase | undefined;
  const decrypt = (secure: string, key: string): string => {
    opened ??= openPassphrase(findPassphrase(stack), saltOf(file, path));
    try {
      return opened.decrypt(secure);
    } catch {
      throw new Error(`${path}: ${showKey(key)}: found a secure value that this stack's passphrase did not make`);
    }
  };
  for (const [key, raw] of Object.entries(file.config ?? {})) {
    const value = openSecrets(raw, (secure) => {
      if (!secretKeys.includes(key)) secretKeys.push(key);
      return decrypt(secure, key);
    });
    // The CLI also turns null into an empty text.
    values[key] = typeof value === "string" ? value : value === null ? "" : JSON.stringify(value);
  }
  return { values, secretKeys };
}

/** Replaces each `{secure: …}` anywhere in a value. */
function openSecrets(value: unknown, decrypt: (secure: string) => string): unknown {
  if (Array.isArray(value)) return value.map((entry) => openSecrets(entry, decrypt));
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value);
  const [first] = entries;
  if (entries.length === 1 && first?.[0] === "secure" && typeof first[1] === "string") return decrypt(first[1]);
  return Object.fromEntries(entries.map(([key, entry]) => [key, openSecrets(entry, decrypt)]));
}

function saltOf(file: StackFile, path: string): string {
  if (file.encryptionsalt) return String(file.encryptionsalt);
  const provider = file.secretsprovider ? showKey(String(file.secretsprovider)) : "Pulumi's service";
  throw new Error(
    `${path}: found secrets kept by ${provider}; without the pulumi CLI only a passphrase's can be read (encryptionsalt)`,
  );
}

/** The passphrase that Pulumi would use for a stack. Throws if there is none. */
export function findPassphrase(stack: string): string {
  const env: Record<string, string | undefined> = { ...process.env, ...passphraseVariables(stack) };
  if (env.PULUMI_CONFIG_PASSPHRASE !== undefined) return env.PULUMI_CONFIG_PASSPHRASE;
  const file = env.PULUMI_CONFIG_PASSPHRASE_FILE;
  if (file === undefined) {
    throw new Error(
      `passphrase: found neither PULUMI_CONFIG_PASSPHRASE nor PULUMI_CONFIG_PASSPHRASE_FILE, wanted the passphrase of stack ${stack}`,
    );
  }
  if (!existsSync(file))
    throw new Error(`passphrase: found no file ${file}, which PULUMI_CONFIG_PASSPHRASE_FILE names`);
  return readFileSync(file, "utf8").trim();
}
