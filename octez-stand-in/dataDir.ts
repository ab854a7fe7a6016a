import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type DelegateKeys, readDelegateKeys } from "./delegateKeys.ts";
import { defaultSinks, type FileSink, fileSinks } from "./eventSinks.ts";
import { Refusal } from "./octezError.ts";

// octez-node's data directory: config.json, identity.json, version.json; store and context hold the chain.

/** The version of the data directory of Octez v25.2. */
const currentVersion = "3.3";
const bare = ["config.json", "identity.json", "version.json", "peers.json"];

export type NodeConfig = {
  readonly "data-dir": string;
  readonly network: string;
  readonly rpc: { readonly "listen-addrs": readonly string[] };
  readonly shell: { readonly history_mode: string };
  readonly "internal-events"?: unknown;
  readonly metrics_addr?: readonly string[];
};

const configFields = ["data-dir", "disable-config-validation", "rpc", "p2p", "log", "internal-events", "shell"].concat([
  "network",
  "metrics_addr",
  "profiling",
]);

export function readConfig(dataDir: string): NodeConfig {
  const file = join(dataDir, "config.json");
  // Octez would continue with mainnet's config, but a deployment without a config is wrong.
  if (!existsSync(file)) throw new Refusal(`Missing configuration file at ${file}.`, 124);
  let config: NodeConfig;
  try {
    config = JSON.parse(readFileSync(file, "utf8")) as NodeConfig;
  } catch {
    throw new Refusal(`Cannot parse the configuration file ${file}.`, 124);
  }
  const unknown = Object.keys(config).find((name) => !configFields.includes(name));
  if (unknown !== undefined) throw new Refusal(`Invalid configuration file: Unexpected object field ${unknown}.`, 124);
  logFiles(dataDir, config);
  return config;
}

/** The files that the node logs to: those of its config, else those in its own folder in the data directory. */
export function logFiles(dataDir: string, { "internal-events": events }: NodeConfig): FileSink[] {
  if (events === undefined) return defaultSinks(join(dataDir, "daily_logs"));
  try {
    return fileSinks(events, "/internal-events");
  } catch (error) {
    throw new Refusal((error as Error).message, 124);
  }
}

export function writeConfig(dataDir: string, config: NodeConfig): void {
  mkdirSync(dataDir, { recursive: true });
  writeFileSync(join(dataDir, "config.json"), `${JSON.stringify(config, null, 2)}\n`);
}

export function hasConfig(dataDir: string): boolean {
  return existsSync(join(dataDir, "config.json"));
}

export function generateIdentity(dataDir: string): void {
  const file = join(dataDir, "identity.json");
  if (existsSync(file)) throw new Refusal(`Cannot overwrite existing identity file '${file}'`, 124);
  const hex = (bytes: number) => randomBytes(bytes).toString("hex");
  const identity = { peer_id: hex(16), public_key: hex(32), secret_key: hex(32), proof_of_work_stamp: hex(24) };
  writeFileSync(file, `${JSON.stringify(identity)}\n`, { mode: 0o600 });
}

/** Requires an identity. Octez makes a missing one, but a pod has no time for that, so it must exist before. */
export function requireIdentity(dataDir: string): void {
  if (!existsSync(join(dataDir, "identity.json")))
    throw new Refusal(`Missing identity file at ${join(dataDir, "identity.json")}.`, 124);
}

/** The network whose chain the directory holds, or undefined. */
export function storedChain(dataDir: string): { network: string; historyMode: string } | undefined {
  const file = join(dataDir, "store", "chain.json");
  if (!existsSync(join(dataDir, "store"))) return undefined;
  if (!existsSync(file)) throw new Refusal(`The store in ${dataDir} is corrupted.`, 124);
  return JSON.parse(readFileSync(file, "utf8")) as { network: string; historyMode: string };
}

export function writeChain(dataDir: string, { network, shell }: NodeConfig): void {
  for (const folder of ["store", "context"]) mkdirSync(join(dataDir, folder), { recursive: true });
  const chain = { network, historyMode: shell.history_mode };
  writeFileSync(join(dataDir, "store", "chain.json"), JSON.stringify(chain));
}

/** What delegates' operations have made on the chain that the directory holds. */
export function storedDelegates(dataDir: string): DelegateKeys {
  const file = join(dataDir, "context", "delegates.json");
  if (!existsSync(file)) return [];
  const keys = readDelegateKeys(JSON.parse(readFileSync(file, "utf8")));
  if (keys === undefined) throw new Refusal(`The context in ${dataDir} is corrupted.`, 124);
  return keys;
}

export function writeDelegates(dataDir: string, keys: DelegateKeys): void {
  const file = join(dataDir, "context", "delegates.json");
  writeFileSync(`${file}.tmp`, JSON.stringify(keys));
  renameSync(`${file}.tmp`, file);
}

/** Checks the directory's version, or writes it into a bare directory. */
export function checkVersion(dataDir: string): void {
  if (!existsSync(dataDir)) throw new Refusal(`The data directory to upgrade cannot be found at ${dataDir}`, 124);
  const file = join(dataDir, "version.json");
  if (readdirSync(dataDir).every((name) => bare.includes(name))) {
    writeFileSync(file, JSON.stringify({ version: currentVersion }));
    return;
  }
  const version = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version : "none";
  if (version !== currentVersion)
    throw new Refusal(`Invalid data directory version '${version}' (expected '${currentVersion}').`, 124);
}

/**
 * Imports a snapshot: any file that is not empty, of the block whose hash is that of its contents. The directory must be
 * bare, and `force` makes it so. Another block than the expected one is refused (src/lib_store/unix/snapshots.ml).
 */
export async function importSnapshot(
  dataDir: string,
  file: string | undefined,
  { force, block: expected }: { readonly force: boolean; readonly block?: string },
): Promise<void> {
  if (file === undefined) throw new Refusal("Snapshot command failed: the command requires a path to a file.", 124);
  const stat = statSync(file, { throwIfNoEntry: false });
  if (!stat) throw new Refusal(`Snapshot command failed: the snapshot file ${file} cannot be located.`, 124);
  const config = readConfig(dataDir);
  const others = readdirSync(dataDir).filter((name) => !bare.includes(name));
  if (others.length > 0 && !force)
    throw new Refusal(`Invalid data directory '${dataDir}': it contains ${others.join(", ")}; use --force.`, 124);
  for (const name of others) rmSync(join(dataDir, name), { recursive: true });
  if (stat.size === 0) throw new Refusal(`Cannot read the snapshot ${file}: it is empty.`, 124);
  if (expected !== undefined) await requireBlock(file, expected);
  checkVersion(dataDir);
  writeChain(dataDir, config);
}

async function requireBlock(file: string, expected: string): Promise<void> {
  // Loaded here, because it takes half a second, which the other commands do not need.
  const { b58Encode, PrefixV2, ValidationResult, validateBlock } = await import("@taquito/utils");
  if (validateBlock(expected) !== ValidationResult.VALID)
    throw new Refusal(`${expected} is not a valid block identifier.`, 124);
  const found = b58Encode(createHash("sha256").update(readFileSync(file)).digest(), PrefixV2.BlockHash);
  if (found !== expected) throw new Refusal(`The block contained in the file is ${found} instead of ${expected}.`, 124);
}
