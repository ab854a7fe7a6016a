import { parseGlobal } from "./clientArgs.ts";
import { Refusal, runProgram } from "./octezError.ts";

// The few commands of octez-client with which a delegate changes its keys.
await runProgram("octez-client", async (args) => {
  const { rest, ...places } = parseGlobal(args);
  const { runCommand } = await import("./clientCommands.ts");
  try {
    await runCommand(rest, places);
  } catch (error) {
    throw error instanceof Refusal ? error : new Refusal(`Error:\n  ${(error as Error).message}`);
  }
});
