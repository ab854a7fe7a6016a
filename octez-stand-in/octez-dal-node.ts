import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { attestedParts, chainName, untilBootstrapped } from "./dalChain.ts";
import { dalConfigOf, openDalStore, storedProfile, storeProfile, writeDalConfig } from "./dalDataDir.ts";
import { DalNode, finality } from "./dalNode.ts";
import { type DalCommand, parseDalNodeArgs } from "./dalNodeArgs.ts";
import { dalRpcServer } from "./dalRpc.ts";
import { openLog } from "./eventLog.ts";
import { defaultSinks } from "./eventSinks.ts";
import { Heads } from "./heads.ts";
import { serveMetrics } from "./metrics.ts";
import { Refusal, runProgram } from "./octezError.ts";
import { isLoopback, type Point, writePoint } from "./point.ts";

await runProgram("octez-dal-node", async (args) => {
  const command = parseDalNodeArgs(args);
  return command.name === "run" ? run(command) : writeDalConfig(command);
});

/**
 * Follows the node. Its ports are open once the node answers and has a head, and it is of use once the node is
 * synchronised (`run` in src/lib_dal_node/daemon.ml, v25.1).
 */
async function run(command: DalCommand): Promise<void> {
  const { dataDir } = command;
  const config = dalConfigOf(command);
  const say = openLog("octez-dal-node", defaultSinks(join(dataDir, "daily_logs")));
  const network = `DAL_${await chainName(config.endpoint, say)}`;
  say(`starting the DAL node (network: ${network}, octez version: 25.2)`);
  const heads = new Heads(say);
  const following = heads.follow(config.endpoint, true);
  const head = await Promise.race([heads.above(-1), following]);
  const profile = storedProfile(dataDir, config.profile);
  openDalStore(dataDir, head.chain_id);
  const keep = () => storeProfile(dataDir, node.profile);
  const node = new DalNode(network, profile, head.level);
  keep();
  await listen(
    createServer((socket) => socket.destroy()),
    config.net,
  );
  say(`P2P server is listening on ${writePoint(config.net)}`);
  if (config.metrics) await serveMetrics(config.metrics, () => node.metrics(), say);
  say(config.metrics ? `metrics server is listening on ${writePoint(config.metrics)}` : "metrics service not enabled");
  await listen(dalRpcServer(node, !isLoopback(config.rpc), keep), config.rpc);
  say(`RPC server is listening on ${writePoint(config.rpc)}`);
  say("waiting for the L1 node to be bootstrapped");
  await untilBootstrapped(config.endpoint);
  node.sync();
  say("the DAL node is ready");
  await Promise.race([follow(node, heads, head.level, config.endpoint), following]);
}

/** Takes the heads above a level. */
async function follow(node: DalNode, heads: Heads, above: number, endpoint: string): Promise<never> {
  for (let level = above; ; ) {
    const head = await heads.above(level);
    level = head.level;
    node.advance(level, await attestedParts(endpoint, level - finality, node.attesters));
  }
}

async function listen(server: Server, point: Point): Promise<void> {
  server.listen(point.port, point.host);
  await once(server, "listening").catch((error: Error) => {
    throw new Refusal(`Cannot listen on ${writePoint(point)}: ${error.message}`);
  });
}
