import { statSync } from "node:fs";
import { clientGlobals, octezAccuser, octezBaker, type Program } from "../infra/octez/options.ts";
import { Refusal } from "./octezError.ts";
import { type Check, type Checks, parseOptions } from "./parsedOptions.ts";

// The values that octez-baker and octez-accuser take (src/lib_agnostic_baker/configuration.ml, v25.1).

const url: Check = (value) => (URL.canParse(value) && /^https?:/.test(value) ? undefined : `${value} is not a URL`);
const integer: Check = (value) => (/^\d+$/.test(value) ? undefined : "Cannot read int");
const number: Check = (value) => (/^\d+(\.\d+)?$/.test(value) ? undefined : "expected int or float.");

const globalChecks: Checks = { endpoint: url, "remote-signer": url };

const bakerChecks: Checks = {
  "minimal-fees": integer,
  "minimal-nanotez-per-gas-unit": number,
  "minimal-nanotez-per-byte": number,
  "force-apply-from-round": integer,
  "liquidity-baking-toggle-vote": (vote) =>
    ["on", "off", "pass"].includes(vote)
      ? undefined
      : `unexpected vote: ${vote}, expected either "on", "off", or "pass".`,
  votefile: (file) => (isThere(file, "isFile") ? undefined : `no file ${file}`),
  "dal-node": url,
  "pre-emptive-forge-time": number,
  "remote-calls-timeout": number,
  "extra-node": url,
};

const accuserChecks: Checks = { "preserved-levels": integer };

export type ClientCommand = {
  readonly baseDir: string;
  /** The config file, if it is not `config` in the base directory. */
  readonly configFile?: string;
  readonly endpoint: string;
  /** Whether the program waits for the node. If false, it ends when it can't reach the node. */
  readonly keepAlive: boolean;
};
export type BakerCommand = ClientCommand & {
  readonly aliases: readonly string[];
  readonly vote?: string;
  readonly voteFile?: string;
  /** The DAL node's RPC. Undefined without one. */
  readonly dalNode?: string;
};

/** Reads the command line of octez-baker, or refuses it as Octez does. */
export function parseBakerArgs(args: readonly string[]): BakerCommand {
  const { rest, ...places } = parseGlobal(args);
  const { values, rest: words, name } = parseCommand(rest, octezBaker, bakerChecks);
  // With the node's files beside its RPC, or by RPC alone.
  const isLocal = name.includes("local");
  const [dataDir] = words;
  const aliases = isLocal ? words.slice(1) : words;
  if (isLocal && dataDir === undefined)
    throw new Refusal("Unterminated command: the node's data directory is missing.");
  if (isLocal && !isThere(dataDir ?? "", "isDirectory")) throw new Refusal(`Directory doesn't exist: '${dataDir}'`);
  if (isLocal && values["extra-node"])
    throw new Refusal("Incompatible configuration: `--extra-node` cannot be used with local node.");
  if (!values["liquidity-baking-toggle-vote"] && !values.votefile)
    throw new Refusal("Missing liquidity baking toggle vote, use --liquidity-baking-toggle-vote or --votefile.");
  if (values["dal-node"] && values["without-dal"])
    throw new Refusal("'--dal-node <endpoint>' and '--without-dal' are incompatible.");
  if (!values["dal-node"] && !values["without-dal"])
    throw new Refusal("A DAL node is needed: '--dal-node <endpoint>', or opt out with '--without-dal'.");
  const [vote] = values["liquidity-baking-toggle-vote"] ?? [];
  const [voteFile] = values.votefile ?? [];
  const [dalNode] = values["dal-node"] ?? [];
  return {
    ...places,
    keepAlive: values["keep-alive"] !== undefined,
    aliases,
    ...(vote !== undefined && { vote }),
    ...(voteFile !== undefined && { voteFile }),
    ...(dalNode !== undefined && { dalNode }),
  };
}

/** Reads the command line of octez-accuser, or refuses it as Octez does. */
export function parseAccuserArgs(args: readonly string[]): ClientCommand {
  const { rest, ...places } = parseGlobal(args);
  const { values, rest: extra } = parseCommand(rest, octezAccuser, accuserChecks);
  if (extra.length > 0) throw new Refusal(`Extra command line arguments:\n  ${extra.join(" ")}.`);
  return { ...places, keepAlive: values["keep-alive"] !== undefined };
}

/** Reads what stands in front of the command of a program that has a base directory. */
export function parseGlobal(args: readonly string[]) {
  const { values, rest } = parseOptions(args, clientGlobals, globalChecks, "clic", true);
  const [configFile] = values["config-file"] ?? [];
  return {
    ...(configFile !== undefined && { configFile }),
    baseDir: values["base-dir"]?.[0] ?? process.env.TEZOS_CLIENT_DIR ?? `${process.env.HOME}/.tezos-client`,
    endpoint: values.endpoint?.[0] ?? "http://localhost:8732",
    rest,
  };
}

/** Reads the words of a command and its options. */
function parseCommand(words: readonly string[], { commands, reader }: Program, checks: Checks) {
  const name = Object.keys(commands).find((each) => `${words.join(" ")} `.startsWith(`${each} `));
  const options = name === undefined ? undefined : commands[name];
  if (name === undefined || !options) throw new Refusal(`Unrecognized command: ${words.join(" ")}`);
  return { ...parseOptions(words.slice(name.split(" ").length), options, checks, reader), name };
}

function isThere(path: string, kind: "isFile" | "isDirectory"): boolean {
  return statSync(path, { throwIfNoEntry: false })?.[kind]() ?? false;
}
