import { octezNode } from "../infra/octez/options.ts";
import { Refusal } from "./octezError.ts";
import { type Check, type Checks, parseOptions } from "./parsedOptions.ts";

// The values that octez-node takes (src/lib_node_config/shared_arg.ml, v25.1).

/** The networks that octez-node v25.2 knows by name. */
const builtInNetworks: readonly string[] = ["sandbox", "mainnet", "ghostnet", "shadownet"];

const network: Check = (value) =>
  builtInNetworks.includes(value.toLowerCase()) || /^https?:/.test(value)
    ? undefined
    : `expected one of '${builtInNetworks.join(", ")}', a URL or an existing filename`;
const historyMode: Check = (value) =>
  /^(archive|(full|rolling)(:\d+)?|experimental-rolling)$/i.test(value) ? undefined : "expected a history mode";
const address: Check = (value) => (/^\S*:\d{1,5}$|^[^:\s]+$/.test(value) ? undefined : "expected ADDR:PORT");
const integer: Check = (value) => (/^-?\d+$/.test(value) ? undefined : "expected an integer");

const target: Check = (value) => (/^B\w{50},\d+$/.test(value) ? undefined : "expected <block_hash>,<level>");

const checks: Checks = {
  network,
  "history-mode": historyMode,
  "rpc-addr": address,
  "external-rpc-addr": address,
  "allow-all-rpc": address,
  "net-addr": address,
  "advertised-net-port": integer,
  "discovery-addr": address,
  connections: integer,
  "synchronisation-threshold": integer,
  "sync-latency": integer,
  "max-download-speed": integer,
  "max-upload-speed": integer,
  "binary-chunks-size": integer,
  "peer-table-size": integer,
  "bootstrap-threshold": integer,
  target,
};

/** How many words a command takes beside its options. */
const wordsOf: Readonly<Record<string, number>> = { "identity generate": 1, "snapshot import": 1 };

export type NodeCommand = {
  readonly name: string;
  readonly dataDir: string;
  readonly words: readonly string[];
  readonly network?: string;
  readonly historyMode?: string;
  readonly rpcAddresses: readonly string[];
  readonly metricsAddresses: readonly string[];
  readonly force: boolean;
  /** The block that a snapshot must be of. */
  readonly block?: string;
};

/** Reads the command line of octez-node, or refuses it as Octez does. */
export function parseNodeArgs(args: readonly string[]): NodeCommand {
  const name = [args.slice(0, 2).join(" "), args[0] ?? ""].find((candidate) => octezNode.commands[candidate]);
  const options = octezNode.commands[name ?? ""];
  if (name === undefined || !options) throw new Refusal(`unknown command '${args.slice(0, 2).join(" ")}'.`, 124);
  const { values, rest } = parseOptions(args.slice(name.split(" ").length), options, checks, "cmdliner");
  const extra = rest[wordsOf[name] ?? 0];
  if (extra !== undefined) throw new Refusal(`too many arguments, don't know what to do with '${extra}'`, 124);
  const [network] = values.network ?? [];
  const [mode] = values["history-mode"] ?? [];
  const [block] = values.block ?? [];
  return {
    name,
    dataDir: values["data-dir"]?.[0] ?? process.env.TEZOS_NODE_DIR ?? `${process.env.HOME}/.tezos-node`,
    words: rest,
    ...(network !== undefined && { network: network.toLowerCase() }),
    ...(mode !== undefined && { historyMode: mode }),
    rpcAddresses: values["rpc-addr"] ?? [],
    metricsAddresses: values["metrics-addr"] ?? [],
    force: values.force !== undefined,
    ...(block !== undefined && { block }),
  };
}
