import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Controllers, type DalCommand, type DalSettings, dalDefaults, type Profile } from "./dalNodeArgs.ts";
import { isObject } from "./eventSinks.ts";
import { Refusal } from "./octezError.ts";
import { type Point, readPoint, writePoint } from "./point.ts";

// octez-dal-node's data directory: config.json, and in store its version, chain and profiles
// (src/lib_dal_node/configuration_file.ml, store.ml, profile_manager.ml, v25.1).

const configVersion = 2;
const storeVersion = 3;

export type DalConfig = {
  readonly rpc: Point;
  readonly net: Point;
  readonly public: Point;
  /** Undefined for no metrics. */
  readonly metrics?: Point;
  readonly endpoint: string;
  readonly peers: readonly string[];
  /** Undefined for none. */
  readonly profile?: Profile;
};

/** `config init`, `reset` or `update`. */
export function writeDalConfig(command: DalCommand): void {
  const { configFile, dataDir, name, settings } = command;
  const isThere = existsSync(configFile);
  if (name === "config init" && isThere)
    throw new Refusal(
      `Configuration file ${configFile} already exists, overwriting is forbidden, please use \`config update\` command`,
    );
  if (name === "config update" && !isThere) throw new Refusal(`Missing configuration file ${configFile}`);
  save(configFile, dataDir, override(name === "config update" ? load(configFile) : standard(), settings));
}

/** The config to run with. A missing file is made, with what the command line says. One that is there is left as it is. */
export function dalConfigOf({ configFile, dataDir, settings }: DalCommand): DalConfig {
  if (existsSync(configFile)) return override(load(configFile), settings);
  const config = override(standard(), settings);
  save(configFile, dataDir, config);
  return config;
}

/** The stored profiles with those of the config. Profiles add up, and a stored bootstrap profile stays. */
export function storedProfile(dataDir: string, profile: Profile | undefined): Profile {
  const file = join(dataDir, "store", "profiles.json");
  const stored = existsSync(file) ? readProfile(JSON.parse(readFileSync(file, "utf8"))) : undefined;
  return merged(profile, stored) ?? { operators: [], observers: [], attesters: [] };
}

export function storeProfile(dataDir: string, profile: Profile): void {
  writeFileSync(join(dataDir, "store", "profiles.json"), JSON.stringify(profileJson(profile)));
}

/** Opens the store of a chain, or refuses that of another chain or version. */
export function openDalStore(dataDir: string, chainId: string): void {
  const store = join(dataDir, "store");
  const [versionFile, chainFile] = [join(store, "version.json"), join(store, "chain_id")];
  mkdirSync(store, { recursive: true });
  if (!existsSync(versionFile)) writeFileSync(versionFile, JSON.stringify({ version: storeVersion }));
  const { version } = JSON.parse(readFileSync(versionFile, "utf8")) as { version: number };
  if (version !== storeVersion) throw new Refusal(`Invalid store version '${version}' (expected '${storeVersion}').`);
  if (!existsSync(chainFile)) writeFileSync(chainFile, JSON.stringify(chainId));
  const stored = JSON.parse(readFileSync(chainFile, "utf8")) as string;
  if (stored !== chainId)
    throw new Refusal(`Chain identifier of the endpoint is: ${chainId}, whereas the storage is related to ${stored}.`);
}

/** What both profiles say. */
export function merged(lower: Profile | undefined, higher: Profile | undefined): Profile | undefined {
  if (lower === undefined || higher === undefined || lower === "bootstrap" || higher === "bootstrap")
    return higher ?? lower;
  const union = <T>(field: (profile: Controllers) => readonly T[]) => [...new Set([...field(lower), ...field(higher)])];
  return {
    operators: union(({ operators }) => operators),
    observers: union(({ observers }) => observers),
    attesters: union(({ attesters }) => attesters),
  };
}

/** A profile as the RPC and the file have it. */
export function profileJson(profile: Profile): unknown {
  return profile === "bootstrap" ? { kind: "bootstrap" } : { kind: "controller", controller_profiles: profile };
}

/** Reads the lists of a controller's profiles, each of which may be missing. Throws an Error for anything else. */
export function readControllers(value: unknown): Controllers {
  const { operators = [], observers = [], attesters = [], ...others } = isObject(value) ? value : { none: value };
  const isListOf = (list: unknown, type: "number" | "string") =>
    Array.isArray(list) && list.every((each) => typeof each === type);
  if (Object.keys(others).length > 0 || !isListOf(operators, "number") || !isListOf(observers, "number"))
    throw new Error("unexpected controller profiles");
  if (!isListOf(attesters, "string")) throw new Error("unexpected attesters");
  return { operators, observers, attesters } as Controllers;
}

function readProfile(value: unknown): Profile {
  const { kind, controller_profiles: profiles } = isObject(value) ? value : {};
  return kind === "bootstrap" ? "bootstrap" : readControllers(profiles);
}

function standard(): DalConfig {
  const { rpc, net, public: own, endpoint } = dalDefaults;
  return { rpc, net, public: own, endpoint, peers: [] };
}

function override(config: DalConfig, settings: DalSettings): DalConfig {
  const profile = merged(config.profile, settings.profile);
  return {
    ...config,
    ...settings,
    peers: [...(settings.peers ?? []), ...config.peers],
    ...(profile !== undefined && { profile }),
  };
}

function save(file: string, dataDir: string, config: DalConfig): void {
  mkdirSync(dataDir, { recursive: true });
  mkdirSync(dirname(file), { recursive: true });
  const { rpc, net, public: own, metrics, endpoint, peers, profile } = config;
  const json = {
    ...{
      "data-dir": dataDir,
      "rpc-addr": writePoint(rpc),
      "net-addr": writePoint(net),
      "public-addr": writePoint(own),
    },
    ...{ peers, endpoint, ...(metrics && { "metrics-addr": writePoint(metrics) }) },
    profiles:
      profile === undefined ? { kind: "empty" } : { kind: "controller", controller_profile: profileJson(profile) },
    version: configVersion,
  };
  writeFileSync(file, JSON.stringify(json, null, 2));
}

function load(file: string): DalConfig {
  try {
    const json = JSON.parse(readFileSync(file, "utf8")) as Readonly<Record<string, string>>;
    const point = (name: string, standard: Point) => readPoint(json[name] ?? writePoint(standard), standard);
    const { kind, controller_profile: profile } = (json.profiles ?? {}) as {
      kind?: string;
      controller_profile?: unknown;
    };
    return {
      rpc: point("rpc-addr", dalDefaults.rpc),
      net: point("net-addr", dalDefaults.net),
      public: point("public-addr", dalDefaults.public),
      ...(json["metrics-addr"] !== undefined && { metrics: point("metrics-addr", dalDefaults.metrics) }),
      endpoint: json.endpoint ?? dalDefaults.endpoint,
      peers: (json.peers ?? []) as readonly string[],
      ...(kind === "controller" && { profile: readProfile(profile) }),
    };
  } catch (error) {
    throw new Refusal(`Loading configuration failed with error ${(error as Error).message}`);
  }
}
