import { statSync } from "node:fs";
import { Refusal } from "./octezError.ts";
import { type Check, clientGlobalStyle, clientStyle, type Options, parseOptions } from "./options.ts";

// The options of octez-baker and octez-accuser v25.2 (`octez-baker man -v 3`).

const url: Check = (value) => (URL.canParse(value) && /^https?:/.test(value) ? undefined : `${value} is not a URL`);
const integer: Check = (value) => (/^\d+$/.test(value) ? undefined : "Cannot read int");
const number: Check = (value) => (/^\d+(\.\d+)?$/.test(value) ? undefined : "expected int or float.");

const globalOptions: Options = {
  "base-dir": { short: "d", value: true },
  "config-file": { short: "c", value: true },
  endpoint: { short: "E", value: url },
  "remote-signer": { short: "R", value: url },
  "password-filename": { short: "f", value: true },
  chain: { value: true },
  block: { short: "b", value: true },
  wait: { short: "w", value: true },
  protocol: { short: "p", value: true },
  "media-type": { short: "m", value: true },
  mode: { short: "M", value: true },
  "log-requests": { short: "l" },
  "log-coloring": { value: true },
  "better-errors": {},
  timings: { short: "t" },
  "no-base-dir-warnings": { short: "n" },
  "allow-fixed-random-seed": {},
};

const bakerOptions: Options = {
  pidfile: { short: "P", value: true },
  "node-version-check-bypass": {},
  "node-version-allowed": { value: true },
  "minimal-fees": { value: integer },
  "minimal-nanotez-per-gas-unit": { value: number },
  "minimal-nanotez-per-byte": { value: number },
  "force-apply-from-round": { value: integer },
  "keep-alive": { short: "K" },
  "liquidity-baking-toggle-vote": {
    value: (vote) =>
      ["on", "off", "pass"].includes(vote)
        ? undefined
        : `unexpected vote: ${vote}, expected either "on", "off", or "pass".`,
  },
  votefile: { short: "V", value: (file) => (isThere(file, "isFile") ? undefined : `no file ${file}`) },
  "operations-pool": { value: true },
  "dal-node": { value: url },
  "without-dal": {},
  "record-state": {},
  "pre-emptive-forge-time": { value: number },
  "remote-calls-timeout": { value: number },
  "allow-signing-delay": {},
  "extra-node": { value: url, repeats: true },
};

const accuserOptions: Options = {
  pidfile: { short: "P", value: true },
  "preserved-levels": { value: integer },
  "keep-alive": { short: "K" },
};

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

/** With the node's files beside its RPC, or by RPC alone (src/lib_agnostic_baker/commands.ml). */
const bakerCommands: readonly (readonly string[])[] = [
  ["run", "with", "local", "node"],
  ["run", "remotely"],
];

/** Reads the command line of octez-baker, or refuses it as Octez does. */
export function parseBakerArgs(args: readonly string[]): BakerCommand {
  const { rest, ...places } = parseGlobal(args);
  const command = bakerCommands.find((words) => words.every((word, index) => rest[index] === word));
  if (command === undefined) throw new Refusal(`Unrecognized command: ${rest.join(" ")}`);
  const { values, rest: words } = parseOptions(rest.slice(command.length), bakerOptions, clientStyle);
  const isLocal = command.includes("local");
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
  if (rest[0] !== "run") throw new Refusal(`Unrecognized command: ${rest.join(" ")}`);
  const { values, rest: extra } = parseOptions(rest.slice(1), accuserOptions, clientStyle);
  if (extra.length > 0) throw new Refusal(`Extra command line arguments:\n  ${extra.join(" ")}.`);
  return { ...places, keepAlive: values["keep-alive"] !== undefined };
}

function parseGlobal(args: readonly string[]) {
  const { values, rest } = parseOptions(args, globalOptions, clientGlobalStyle);
  const [configFile] = values["config-file"] ?? [];
  return {
    ...(configFile !== undefined && { configFile }),
    baseDir: values["base-dir"]?.[0] ?? process.env.TEZOS_CLIENT_DIR ?? `${process.env.HOME}/.tezos-client`,
    endpoint: values.endpoint?.[0] ?? "http://localhost:8732",
    rest,
  };
}

function isThere(path: string, kind: "isFile" | "isDirectory"): boolean {
  return statSync(path, { throwIfNoEntry: false })?.[kind]() ?? false;
}
