import { once } from "node:events";
import type { Server } from "node:http";
import { chainOf, levelAt } from "./chain.ts";
import {
  checkVersion,
  generateIdentity,
  hasConfig,
  importSnapshot,
  logFiles,
  type NodeConfig,
  readConfig,
  requireIdentity,
  storedChain,
  storedDelegates,
  writeChain,
  writeConfig,
  writeDelegates,
} from "./dataDir.ts";
import type { DelegateKeys } from "./delegateKeys.ts";
import { openLog, type Say } from "./eventLog.ts";
import { serveMetrics } from "./metrics.ts";
import { type NodeCommand, parseNodeArgs } from "./nodeArgs.ts";
import { Refusal, runProgram } from "./octezError.ts";

await runProgram("octez-node", async (args) => {
  const command = parseNodeArgs(args);
  switch (command.name) {
    case "config init":
      if (hasConfig(command.dataDir))
        throw new Refusal(`Pre-existing configuration file at ${command.dataDir}/config.json, use \`reset\`.`, 124);
      return configure(command);
    case "config reset":
      // The previous config is ignored, but it must be valid.
      readConfig(command.dataDir);
      return configure(command);
    case "config update":
      return configure(command, readConfig(command.dataDir));
    case "identity generate":
      readConfig(command.dataDir);
      return generateIdentity(command.dataDir);
    case "snapshot import":
      return importSnapshot(command.dataDir, command.words[0], command);
    case "upgrade storage":
      readConfig(command.dataDir);
      return checkVersion(command.dataDir);
    default:
      return run(command);
  }
});

/** Writes the config. A network other than the stored chain's is refused. */
function configure(command: NodeCommand, before?: NodeConfig): void {
  const network = command.network ?? before?.network ?? "mainnet";
  requireNetwork(network, storedChain(command.dataDir)?.network);
  const addresses = given(command.rpcAddresses) ?? before?.rpc["listen-addrs"];
  const metrics = given(command.metricsAddresses) ?? before?.metrics_addr;
  writeConfig(command.dataDir, {
    "data-dir": command.dataDir,
    network,
    rpc: { "listen-addrs": addresses ?? ["localhost:8732"] },
    shell: { history_mode: command.historyMode ?? before?.shell.history_mode ?? "full" },
    ...(before?.["internal-events"] !== undefined && { "internal-events": before["internal-events"] }),
    ...(metrics && { metrics_addr: metrics }),
  });
  console.error(`Created ${command.dataDir}/config.json for network: ${network}.`);
}

async function run(command: NodeCommand): Promise<void> {
  const config = readConfig(command.dataDir);
  requireNetwork(command.network ?? config.network, config.network);
  checkVersion(command.dataDir);
  requireIdentity(command.dataDir);
  const stored = storedChain(command.dataDir);
  requireNetwork(config.network, stored?.network);
  const [from, to] = [stored?.historyMode, config.shell.history_mode].map((mode) => mode?.split(":")[0]);
  if (from !== undefined && from !== to)
    throw new Refusal(`Cannot switch from history mode ${from} mode to ${to} mode.`, 124);
  writeChain(command.dataDir, config);
  const say = openLog("octez-node", logFiles(command.dataDir, config));

  // Loaded here, because it takes half a second, which the other commands do not need.
  const modules = [import("./nodeRpc.ts"), import("./liveChain.ts"), import("./nodeMetrics.ts")] as const;
  const [{ rpcServer }, { LiveChain }, { nodeMetrics }] = await Promise.all(modules);
  const chain = chainOf(config.network);
  const addresses = given(command.rpcAddresses) ?? config.rpc["listen-addrs"];
  const keep = (keys: DelegateKeys) => writeDelegates(command.dataDir, keys);
  const live = new LiveChain(chain, Date.now, storedDelegates(command.dataDir), keep);
  for (const address of given(command.metricsAddresses) ?? config.metrics_addr ?? []) {
    const [, bracketed, plain = "", port = "9932"] = /^(?:\[(.*)\]|([^:]*))(?::(\d+))?$/.exec(address) ?? [];
    const host = bracketed ?? plain;
    say(`starting metrics server on ${host || "localhost"}:${port}`);
    await serveMetrics({ host: host || "localhost", port: Number(port) }, () => nodeMetrics(live), say);
  }
  for (const address of addresses) await listen(rpcServer(live), address, say);
  say(`The Tezos node is now running! Network ${chain.network}, level ${levelAt(chain, Date.now())}.`);
}

/** The list, if there is anything in it. */
function given(list: readonly string[]): readonly string[] | undefined {
  return list.length > 0 ? list : undefined;
}

async function listen(server: Server, address: string, say: Say): Promise<void> {
  const [, host = address, port = "8732"] = /^(.*):(\d+)$/.exec(address) ?? [];
  server.listen(Number(port), host.replace(/^\[|\]$/g, ""));
  await once(server, "listening").catch((error: Error) => {
    throw new Refusal(`Cannot listen on ${address}: ${error.message}`, 124);
  });
  say(`starting local RPC server on ${address}`);
}

function requireNetwork(wanted: string, found: string | undefined): void {
  if (found !== undefined && found !== wanted)
    throw new Refusal(`Specified --network ${wanted}, but current configuration or chain is of ${found}.`, 124);
}
