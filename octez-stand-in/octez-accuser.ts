import { parseAccuserArgs } from "./clientArgs.ts";
import { clientLogFiles } from "./clientConfig.ts";
import { openLog } from "./eventLog.ts";
import { Heads } from "./heads.ts";
import { runProgram } from "./octezError.ts";

// Follows the chain and finds no one to accuse.
await runProgram("octez-accuser", async (args) => {
  const { baseDir, configFile, endpoint, keepAlive } = parseAccuserArgs(args);
  const say = openLog("octez-accuser", clientLogFiles("octez-accuser", baseDir, configFile));
  const heads = new Heads(say);
  const following = heads.follow(endpoint, keepAlive);
  const head = await Promise.race([heads.above(-1), following]);
  say(`Accuser started at level ${head.level}`);
  await following;
});
