import { createInterface } from "node:readline/promises";
import { UsageError } from "./command.ts";

/** Asks on the terminal for the stack's name. Throws if the answer differs, or if there is no terminal. */
export async function confirm(question: string, stack: string): Promise<void> {
  if (!process.stdin.isTTY) throw new UsageError("found no terminal to ask on, wanted --yes");
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`${question} Type its name: `);
  terminal.close();
  if (answer !== stack) throw new Error("nothing was changed");
}
