import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { defaultSinks, type FileSink, fileSinks, isObject } from "./eventSinks.ts";
import { Refusal } from "./octezError.ts";

// The file `config` of a base directory, as octez-baker and octez-accuser read it
// (src/lib_client_base_unix/client_config.ml).

type Is = (value: unknown) => boolean;
const text: Is = (value) => typeof value === "string";
const uri: Is = (value) => typeof value === "string" && URL.canParse(value);
const flag: Is = (value) => typeof value === "boolean";
const integer =
  (least: number, most: number): Is =>
  (value) =>
    Number.isInteger(value) && (value as number) >= least && (value as number) <= most;

const fields: Readonly<Record<string, Is>> = {
  base_dir: text,
  node_addr: text,
  node_port: integer(0, 65535),
  tls: flag,
  media_type: (value) => ["json", "binary", "any"].includes(value as string),
  endpoint: uri,
  web_port: integer(0, 65535),
  remote_signer: uri,
  signing_version: integer(0, 3),
  confirmations: integer(-128, 127),
  password_filename: text,
  internal_events: isObject,
  log: isObject,
  profiling: isObject,
};

/** The files that a program logs to: those of the base directory's config, else those in its folder under `logs`. */
export function clientLogFiles(program: string, baseDir: string, configFile?: string): FileSink[] {
  if (configFile !== undefined && !existsSync(configFile))
    throw new Refusal("Config file specified in option does not exist. Use `client config init` to create one.");
  const file = configFile ?? join(baseDir, "config");
  const { internal_events: events } = existsSync(file) ? readConfig(file) : {};
  return events === undefined ? defaultSinks(join(baseDir, "logs", program)) : fileSinks(events, "/internal_events");
}

function readConfig(file: string): Readonly<Record<string, unknown>> {
  let config: unknown;
  try {
    config = JSON.parse(readFileSync(file, "utf8"));
  } catch {
    throw new Refusal(`Can't parse the configuration file as a JSON: ${file}`);
  }
  const refuse = (problem: string): never => {
    throw new Refusal(`Can't parse the configuration file: ${file}\n${problem}`);
  };
  if (!isObject(config)) return refuse("Unexpected value, an object is expected.");
  if (config.base_dir === undefined) refuse("Missing object field base_dir");
  for (const [name, value] of Object.entries(config)) {
    const is = fields[name] ?? refuse(`Unexpected object field ${name}`);
    if (!is(value)) refuse(`At /${name}: unexpected value`);
  }
  return config;
}
