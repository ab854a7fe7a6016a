import { setTimeout as sleep } from "node:timers/promises";
import { commonHelp, runCommand } from "./cli/command.ts";
import { reachForwarder } from "./engine/reach.ts";
import { readStack, runStack } from "./stack/stack.ts";
import { tableOf } from "./status/table.ts";
import { Watch } from "./status/watch.ts";

const help = `
npm run status -- [options]

Shows the state of each signer in a table, on a terminal a live one: tunnel and its age, device, uplink, power, last signature,
how long signatures took, and errors, both since the forwarder's pod started. Ctrl-C ends it. Without a terminal it prints the
table once. docs/guide/status.md explains the columns.

  --json                prints the state once, as JSON
${commonHelp}
`;

/** How often a live table is made anew: once a level. */
const everyMs = 6000;

await runCommand({ help, switches: ["json"] }, async (options) => {
  const stack = readStack(options);
  const { pods } = await reachForwarder(stack, await runStack(stack));
  const watch = new Watch(pods);
  if (options.has("json")) {
    process.stdout.write(`${JSON.stringify({ stack: stack.name, signers: await watch.look() }, null, 2)}\n`);
  } else if (process.stdout.isTTY && process.stdout.rows > 0) {
    // log-update shows nothing on a terminal that does not tell its size, as on a serial line.
    await showLive(watch, stack.name);
  } else {
    process.stdout.write(`${tableOf(await watch.look(), false).join("\n")}\n`);
  }
});

/** Shows the table again and again, until the user presses Ctrl-C. A look that fails is a line below the last table. */
async function showLive(watch: Watch, stack: string): Promise<void> {
  const { default: logUpdate } = await import("log-update");
  const stopped = new AbortController();
  // Not once: a library that restores the cursor ends the process by the signal if nobody else listens to it.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stopped.abort());
  let table = ["looking …"];
  while (!stopped.signal.aborted) {
    let problem = "";
    try {
      table = tableOf(await watch.look(), true);
    } catch (error) {
      problem = `\ncan't look: ${(error as Error).message}`;
    }
    const time = new Date().toISOString().slice(11, 19);
    if (!stopped.signal.aborted) logUpdate(`stack ${stack}, ${time} UTC\n\n${table.join("\n")}${problem}`);
    await sleep(everyMs, undefined, { signal: stopped.signal }).catch(() => {});
  }
  logUpdate.done();
}
