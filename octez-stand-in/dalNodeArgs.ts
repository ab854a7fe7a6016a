import { isIP } from "node:net";
import { validateAddress } from "@taquito/utils";
import { octezDalNode } from "../infra/octez/options.ts";
import { Refusal } from "./octezError.ts";
import { type Check, type Checks, parseOptions } from "./parsedOptions.ts";
import { type Point, readPoint } from "./point.ts";

// The values that octez-dal-node takes (src/lib_dal_node/cli.ml, v25.1).

/** What octez-dal-node takes where nothing is given (src/lib_dal_node/configuration_file.ml). */
export const dalDefaults = {
  rpc: { host: "127.0.0.1", port: 10732 },
  net: { host: "::", port: 11732 },
  public: { host: "127.0.0.1", port: 11732 },
  metrics: { host: "::", port: 11733 },
  endpoint: "http://localhost:8732",
} as const satisfies Readonly<Record<string, Point | string>>;

/** For whom and for which slots a DAL node works. */
export type Controllers = {
  readonly operators: readonly number[];
  readonly observers: readonly number[];
  readonly attesters: readonly string[];
};
/** `bootstrap` introduces others to each other. */
export type Profile = "bootstrap" | Controllers;

/** What a command line says of the config. */
export type DalSettings = {
  readonly rpc?: Point;
  readonly net?: Point;
  readonly public?: Point;
  readonly metrics?: Point;
  readonly endpoint?: string;
  readonly peers?: readonly string[];
  readonly profile?: Profile;
};

export type DalCommand = {
  readonly name: string;
  readonly dataDir: string;
  readonly configFile: string;
  readonly settings: DalSettings;
};

const point =
  (standard: Point): Check =>
  (value) => {
    try {
      readPoint(value, standard);
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  };
const listOf =
  (check: Check): Check =>
  (value) =>
    value
      .split(",")
      .map(check)
      .find((problem) => problem !== undefined);
const slot =
  (name: string): Check =>
  (value) =>
    /^\d+$/.test(value) ? undefined : `Unrecognized value for ${name} (expected non-negative integer, got ${value})`;
/** The first three kinds of addresses, and tz4. */
const publicKeyHash: Check = (value) =>
  /^tz[1-4]/.test(unquoted(value)) && validateAddress(unquoted(value)) === 3 ? undefined : "Unrecognized pkh format";

const checks: Checks = {
  "rpc-addr": point(dalDefaults.rpc),
  "net-addr": point(dalDefaults.net),
  "public-addr": point(dalDefaults.public),
  "metrics-addr": point(dalDefaults.metrics),
  "attester-profiles": listOf(publicKeyHash),
  "operator-profiles": listOf(slot("producer")),
  "observer-profiles": listOf(slot("observer")),
  "ignore-topics": listOf(publicKeyHash),
  "ban-addr": listOf((value) => (isIP(value) ? undefined : `Cannot parse IP address: ${value}`)),
  "history-mode": (value) =>
    /^(full|auto|-?\d+)$/.test(value) ? undefined : `Invalid argument ${value} for history-mode.`,
  "batching-time-interval": (value) => (/^(disabled|-?\d+)$/.test(value) ? undefined : "Unrecognized int"),
};

/** Options for tests, each of which wants its variable to say yes, and the other way round. */
const gates: Readonly<Record<string, string>> = {
  "disable-shard-validation": "TEZOS_DISABLE_SHARD_VALIDATION_I_KNOW_WHAT_I_AM_DOING",
  "ignore-topics": "TEZOS_IGNORE_TOPICS_I_KNOW_WHAT_I_AM_DOING",
  "publish-slots-regularly": "TEZOS_DAL_PUBLISH_REGULARLY_I_KNOW_WHAT_I_AM_DOING",
};

/** Reads the command line of octez-dal-node, or refuses it as Octez does. */
export function parseDalNodeArgs(args: readonly string[]): DalCommand {
  const name = args[0] === "config" ? args.slice(0, 2).join(" ") : (args[0] ?? "");
  const options = octezDalNode.commands[name];
  if (!options) throw new Refusal(`unknown command '${name}'.`, 124);
  const { values, rest } = parseOptions(args.slice(name.split(" ").length), options, checks, octezDalNode.reader);
  if (rest[0] !== undefined) throw new Refusal(`too many arguments, don't know what to do with '${rest[0]}'`, 124);
  for (const [option, variable] of name === "run" ? Object.entries(gates) : []) {
    const isSet = /^y(es)?$/i.test(process.env[variable] ?? "");
    if (values[option] && !isSet)
      throw new Refusal(`The option '--${option}' was provided, but the environment variable ${variable} was not set.`);
    if (!values[option] && isSet)
      throw new Refusal(`The environment variable ${variable} was set, but the option '--${option}' was not provided.`);
  }
  const last = (option: string) => values[option]?.[0];
  const list = (option: string) => last(option)?.split(",");
  const pointOf = (option: string, standard: Point) => {
    const text = last(option);
    return text === undefined ? undefined : readPoint(text, standard);
  };
  const dataDir = last("data-dir") ?? `${process.env.HOME}/.tezos-dal-node`;
  const settings = {
    rpc: pointOf("rpc-addr", dalDefaults.rpc),
    net: pointOf("net-addr", dalDefaults.net),
    public: pointOf("public-addr", dalDefaults.public),
    metrics: pointOf("metrics-addr", dalDefaults.metrics),
    endpoint: last("endpoint"),
    peers: list("peers"),
    profile: profileOf(
      {
        operators: list("operator-profiles")?.map(Number),
        observers: list("observer-profiles")?.map(Number),
        attesters: list("attester-profiles")?.map(unquoted),
      },
      values["bootstrap-profile"] !== undefined,
    ),
  };
  const given = Object.entries(settings).filter(([, value]) => value !== undefined);
  return {
    ...{ name, dataDir, configFile: last("config-file") ?? `${dataDir}/config.json` },
    settings: Object.fromEntries(given) as DalSettings,
  };
}

type Given = { readonly [K in keyof Controllers]: Controllers[K] | undefined };

function profileOf(given: Given, isBootstrap: boolean): Profile | undefined {
  const isGiven = Object.values(given).some((list) => list !== undefined);
  if (isBootstrap && isGiven)
    throw new Refusal(
      "a bootstrap node (option '--bootstrap') cannot be an attester (option '--attester'), an operator " +
        "(option '--operator') nor an observer (option '--observer')",
    );
  if (isBootstrap) return "bootstrap";
  const { operators = [], observers = [], attesters = [] } = given;
  return isGiven ? { operators, observers, attesters } : undefined;
}

/** Octez takes off the quotes that a shell has left. */
function unquoted(text: string): string {
  return /^".*"$/.test(text) ? text.slice(1, -1) : text;
}
