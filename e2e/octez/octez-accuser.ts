import { parseAccuserArgs } from "./clientArgs.ts";
import { Heads } from "./heads.ts";
import { runProgram } from "./refusal.ts";

// Follows the chain and finds no one to accuse.
await runProgram("octez-accuser", async (args) => {
  const { endpoint, keepAlive } = parseAccuserArgs(args);
  const heads = new Heads();
  const following = heads.follow(endpoint, keepAlive);
  const head = await Promise.race([heads.above(-1), following]);
  console.log(`Accuser started at level ${head.level}`);
  await following;
});
