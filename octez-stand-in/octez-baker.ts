import type { Bakery } from "./bakeKey.ts";
import { blockVotes } from "./blockVotes.ts";
import { parseBakerArgs } from "./clientArgs.ts";
import { clientLogFiles } from "./clientConfig.ts";
import { DalSlots } from "./dalSlots.ts";
import { openLog } from "./eventLog.ts";
import { Heads } from "./heads.ts";
import { NodeClient } from "./nodeClient.ts";
import { runProgram } from "./octezError.ts";
import { readLocalKeys, readWallet } from "./wallet.ts";
import { Watermarks } from "./watermarks.ts";

await runProgram("octez-baker", async (args) => {
  const { aliases, baseDir, configFile, dalNode, endpoint, keepAlive, vote, voteFile } = parseBakerArgs(args);
  const say = openLog("octez-baker", clientLogFiles("octez-baker", baseDir, configFile));
  const keys = readWallet(baseDir, aliases);
  const votes = blockVotes(vote, voteFile, say);
  const localKeys = readLocalKeys(baseDir);
  say(`Baker started for ${keys.map(({ alias, address }) => `${alias} (${address})`).join(", ")}`);
  const dal = dalNode === undefined ? undefined : new DalSlots(dalNode, say);
  dal?.sayHealth();
  // Loaded here, because their cryptography takes a third of a second, which a wrong config does not need.
  const [{ bakeKey }, { sign }] = await Promise.all([import("./bakeKey.ts"), import("./remoteSigner.ts")]);
  const heads = new Heads(say);
  const following = heads.follow(endpoint, keepAlive);
  const head = await Promise.race([heads.above(-1), following]);
  const bakery: Bakery = {
    node: new NodeClient(endpoint),
    heads,
    votes,
    keys,
    ...(dal && { dal }),
    watermarks: new Watermarks(baseDir, head.chain_id),
    sign: (key, bytes) => sign(key, bytes, localKeys),
  };
  await Promise.all([following, ...keys.map((key) => bakeKey(key, bakery, say))]);
});
