import { bakeKey } from "./bakeKey.ts";
import { parseBakerArgs } from "./clientArgs.ts";
import { Heads } from "./heads.ts";
import { runProgram } from "./refusal.ts";
import { readWallet } from "./wallet.ts";
import { Watermarks } from "./watermarks.ts";

await runProgram("octez-baker", async (args) => {
  const { aliases, baseDir, endpoint, keepAlive } = parseBakerArgs(args);
  const keys = readWallet(baseDir, aliases);
  console.log(`Baker started for ${keys.map(({ alias, address }) => `${alias} (${address})`).join(", ")}`);
  const heads = new Heads();
  const following = heads.follow(endpoint, keepAlive);
  const head = await Promise.race([heads.above(-1), following]);
  const watermarks = new Watermarks(baseDir, head.chain_id);
  await Promise.all([following, ...keys.map((key, slot) => bakeKey(key, slot, heads, watermarks))]);
});
