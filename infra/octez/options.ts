/**
 * An option by its long name. One whose name is a single letter is written with one dash. `aliases` are other long
 * names for it.
 */
export type Option = {
  readonly short?: string;
  readonly aliases?: readonly string[];
  readonly value?: true;
  readonly repeats?: true;
};
export type Options = Readonly<Record<string, Option>>;

/**
 * How a program reads its arguments: the node and the DAL node with the library Cmdliner, the others with Octez's own
 * one (src/lib_clic/tezos_clic.ml).
 */
export type Reader = "cmdliner" | "clic";

/** A program's commands, and the options that stand in front of a command (`globals`) or behind it. */
export type Program = {
  readonly reader: Reader;
  readonly globals: Options;
  readonly commands: Readonly<Record<string, Options>>;
};

// Each table is from the file that it names, in Octez v25.1. The branch that v25.2 is from has the same options.

const value = { value: true } as const;
const values = { value: true, repeats: true } as const;
const flag = {} as const;

/** src/lib_node_config/shared_arg.ml */
const nodePlace: Options = { "data-dir": { short: "d", value: true }, "config-file": value };

/** src/lib_node_config/shared_arg.ml, `args` */
const nodeConfig: Options = {
  ...nodePlace,
  network: value,
  connections: value,
  "max-download-speed": value,
  "max-upload-speed": value,
  "binary-chunks-size": value,
  "peer-table-size": value,
  "net-addr": value,
  "advertised-net-port": value,
  "discovery-addr": value,
  peer: values,
  "no-bootstrap-peers": flag,
  "bootstrap-threshold": value,
  "private-mode": flag,
  "disable-p2p-maintenance": flag,
  "disable-p2p-swap": flag,
  "disable-mempool": flag,
  "enable-testchain": flag,
  "expected-pow": value,
  "rpc-addr": values,
  "external-rpc-addr": values,
  "rpc-tls": value,
  "cors-origin": values,
  "cors-header": values,
  "log-output": value,
  "log-coloring": value,
  "history-mode": value,
  "synchronisation-threshold": value,
  "sync-latency": value,
  "disable-config-validation": flag,
  "allow-all-rpc": values,
  "media-type": value,
  "max-active-rpc-connections": value,
  "metrics-addr": values,
  "metadata-size-limit": value,
  "enable-http-cache-headers": flag,
  "disable-context-pruning": flag,
  "storage-maintenance-delay": value,
};

/** octez-node */
export const octezNode: Program = {
  reader: "cmdliner",
  globals: {},
  commands: {
    /** src/bin_node/node_run_command.ml */
    run: {
      ...nodeConfig,
      sandbox: value,
      v: { repeats: true },
      target: value,
      singleprocess: flag,
      "force-history-mode-switch": flag,
      "allow-yes-crypto": flag,
    },
    /** src/lib_node_config/config_command.ml */
    "config init": nodeConfig,
    "config reset": nodeConfig,
    "config update": nodeConfig,
    /** src/bin_node/node_identity_command.ml */
    "identity generate": { ...nodePlace, "expected-pow": value },
    /** src/bin_node/node_snapshot_command.ml */
    "snapshot import": {
      ...nodePlace,
      "metadata-size-limit": value,
      block: value,
      "no-check": flag,
      reconstruct: flag,
      sandbox: value,
      "progress-display-mode": value,
      force: flag,
    },
    /** src/bin_node/node_upgrade_command.ml */
    "upgrade storage": { ...nodePlace, status: flag, sandbox: value },
  },
};

/** src/lib_dal_node/cli.ml, `Config.mk_term` */
const dalConfig: Options = {
  "data-dir": { short: "d", value: true },
  "config-file": value,
  "rpc-addr": value,
  "expected-pow": value,
  "net-addr": value,
  "public-addr": value,
  endpoint: { short: "E", value: true },
  "slots-backup-uri": { value: true, aliases: ["backup-uri", "archive-uri"] },
  "trust-slots-backup-uris": { aliases: ["trust-backup-uris", "trust-archive-uris"] },
  "metrics-addr": value,
  "attester-profiles": { value: true, aliases: ["attester"] },
  "operator-profiles": { value: true, aliases: ["producer-profiles", "producer", "operator"] },
  "observer-profiles": { value: true, aliases: ["observer"] },
  "bootstrap-profile": { aliases: ["bootstrap"] },
  peers: value,
  "history-mode": value,
  "service-name": value,
  "service-namespace": value,
  "fetch-trusted-setup": value,
  verbose: flag,
  "ignore-l1-config-peers": flag,
  "disable-amplification": flag,
  "ban-addr": value,
  "batching-time-interval": value,
};

/** octez-dal-node */
export const octezDalNode: Program = {
  reader: "cmdliner",
  globals: {},
  commands: {
    /** src/lib_dal_node/cli.ml, `Run.term` */
    run: {
      ...dalConfig,
      "telemetry-env": value,
      "disable-shard-validation": flag,
      "ignore-topics": value,
      "publish-slots-regularly": value,
      "ignore-l1-history-check": flag,
    },
    "config init": dalConfig,
    "config reset": dalConfig,
    "config update": dalConfig,
  },
};

/** src/lib_client_base_unix/client_config.ml, `global_options` */
export const clientGlobals: Options = {
  "base-dir": { short: "d", value: true },
  "no-base-dir-warnings": { short: "n" },
  "config-file": { short: "c", value: true },
  timings: { short: "t" },
  chain: value,
  block: { short: "b", value: true },
  wait: { short: "w", value: true },
  protocol: { short: "p", value: true },
  "log-requests": { short: "l" },
  "better-errors": flag,
  addr: { short: "A", value: true },
  port: { short: "P", value: true },
  tls: { short: "S" },
  "media-type": { short: "m", value: true },
  endpoint: { short: "E", value: true },
  sources: { short: "s", value: true },
  "remote-signer": { short: "R", value: true },
  "password-filename": { short: "f", value: true },
  mode: { short: "M", value: true },
  "log-coloring": value,
  "allow-fixed-random-seed": flag,
};

/** src/lib_agnostic_baker/configuration.ml, `baker_args` */
const baking: Options = {
  pidfile: { short: "P", value: true },
  "node-version-check-bypass": flag,
  "node-version-allowed": value,
  "minimal-fees": value,
  "minimal-nanotez-per-gas-unit": value,
  "minimal-nanotez-per-byte": value,
  "force-apply-from-round": value,
  "keep-alive": { short: "K" },
  "liquidity-baking-toggle-vote": value,
  votefile: { short: "V", value: true },
  "operations-pool": value,
  "dal-node": value,
  "without-dal": flag,
  "record-state": flag,
  "pre-emptive-forge-time": value,
  "remote-calls-timeout": value,
  "allow-signing-delay": flag,
  "extra-node": values,
};

/** octez-baker: the commands of src/lib_agnostic_baker/commands.ml that bake */
export const octezBaker: Program = {
  reader: "clic",
  globals: clientGlobals,
  commands: { "run with local node": baking, "run remotely": baking },
};

/** octez-accuser: src/lib_agnostic_baker/commands.ml, `Accuser.commands` */
export const octezAccuser: Program = {
  reader: "clic",
  globals: clientGlobals,
  commands: {
    run: { pidfile: { short: "P", value: true }, "preserved-levels": value, "keep-alive": { short: "K" } },
  },
};
