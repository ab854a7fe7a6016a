import { parseBakerArgs } from "./clientArgs.ts";
import { clientLogFiles } from "./clientConfig.ts";
import { openLog } from "./eventLog.ts";
import { Heads } from "./heads.ts";
import { NodeClient } from "./nodeClient.ts";
import { runProgram } from "./octezError.ts";
import { readWallet } from "./wallet.ts";
import { Watermarks } from "./watermarks.ts";

await runProgram("octez-baker", async (args) => {
  const { aliases, baseDir, configFile, endpoint, keepAlive } = parseBakerArgs(args);
  const say = openLog("octez-baker", clientLogFiles("octez-baker", baseDir, configFile));
  const keys = readWallet(baseDir, aliases);
  say(`Baker started for ${keys.map(({ alias, address }) => `${alias} (${address})`).join(", ")}`);
  // Loaded here, because its cryptography takes a third of a second, which a wrong config does not need.
  const { bakeKey } = await import("./bakeKey.ts");
  const heads = new Heads(say);
  const following = heads.follow(endpoint, keepAlive);
  const head = await Promise.race([heads.above(-1), following]);
  const watermarks = new Watermarks(baseDir, head.chain_id);
  const node = new NodeClient(endpoint);
  await Promise.all([following, ...keys.map((key) => bakeKey(key, node, heads, watermarks, say))]);
});
