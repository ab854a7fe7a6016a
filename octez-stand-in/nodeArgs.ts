import { Refusal } from "./octezError.ts";
import { type Check, nodeStyle, type Options, parseOptions } from "./options.ts";

// The options of octez-node v25.2 (`octez-node run --help`).

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

const location: Options = { "data-dir": { short: "d", value: true }, "config-file": { value: true } };
const config: Options = {
  ...location,
  network: { value: network },
  "history-mode": { value: historyMode },
  "rpc-addr": { value: address, repeats: true },
  "external-rpc-addr": { value: address, repeats: true },
  "allow-all-rpc": { value: address, repeats: true },
  "metrics-addr": { value: true, repeats: true },
  "net-addr": { value: address },
  "advertised-net-port": { value: integer },
  "discovery-addr": { value: address },
  peer: { value: true, repeats: true },
  connections: { value: integer },
  "synchronisation-threshold": { value: integer },
  "sync-latency": { value: integer },
  "expected-pow": { value: true },
  "log-output": { value: true },
  "log-coloring": { value: true },
  "media-type": { value: true },
  "cors-origin": { value: true, repeats: true },
  "cors-header": { value: true, repeats: true },
  "rpc-tls": { value: true },
  "max-active-rpc-connections": { value: true },
  "metadata-size-limit": { value: true },
  "storage-maintenance-delay": { value: true },
  "max-download-speed": { value: integer },
  "max-upload-speed": { value: integer },
  "binary-chunks-size": { value: integer },
  "peer-table-size": { value: integer },
  "bootstrap-threshold": { value: integer },
  "no-bootstrap-peers": {},
  "private-mode": {},
  "disable-p2p-maintenance": {},
  "disable-p2p-swap": {},
  "disable-mempool": {},
  "enable-testchain": {},
  "disable-config-validation": {},
  "enable-http-cache-headers": {},
  "disable-context-pruning": {},
};
const commands: Readonly<Record<string, { options: Options; words: number }>> = {
  "config init": { options: config, words: 0 },
  "config reset": { options: config, words: 0 },
  "config update": { options: config, words: 0 },
  "identity generate": { options: location, words: 1 },
  "snapshot import": {
    options: {
      ...location,
      block: { value: true },
      "no-check": {},
      reconstruct: {},
      force: {},
      "metadata-size-limit": { value: true },
      "progress-display-mode": { value: true },
      sandbox: { value: true },
    },
    words: 1,
  },
  "upgrade storage": { options: { ...location, status: {}, sandbox: { value: true } }, words: 0 },
  run: {
    options: {
      ...config,
      v: { short: "v", repeats: true },
      singleprocess: {},
      "force-history-mode-switch": {},
      sandbox: { value: true },
      target: { value: target },
      "allow-yes-crypto": {},
    },
    words: 0,
  },
};

export type NodeCommand = {
  readonly name: string;
  readonly dataDir: string;
  readonly words: readonly string[];
  readonly network?: string;
  readonly historyMode?: string;
  readonly rpcAddresses: readonly string[];
  readonly force: boolean;
};

/** Reads the command line of octez-node, or refuses it as Octez does. */
export function parseNodeArgs(args: readonly string[]): NodeCommand {
  const name = [args.slice(0, 2).join(" "), args[0] ?? ""].find((candidate) => commands[candidate]);
  const command = name === undefined ? undefined : commands[name];
  if (name === undefined || !command) throw new Refusal(`unknown command '${args.slice(0, 2).join(" ")}'.`, 124);
  const { values, rest } = parseOptions(args.slice(name.split(" ").length), command.options, nodeStyle);
  const extra = rest[command.words];
  if (extra !== undefined) throw new Refusal(`too many arguments, don't know what to do with '${extra}'`, 124);
  const [network] = values.network ?? [];
  const [mode] = values["history-mode"] ?? [];
  return {
    name,
    dataDir: values["data-dir"]?.[0] ?? process.env.TEZOS_NODE_DIR ?? `${process.env.HOME}/.tezos-node`,
    words: rest,
    ...(network !== undefined && { network: network.toLowerCase() }),
    ...(mode !== undefined && { historyMode: mode }),
    rpcAddresses: values["rpc-addr"] ?? [],
    force: values.force !== undefined,
  };
}
