import { parseArgs } from "node:util";
import { root } from "../../local/machine/checkout.ts";
import { LockHeldError } from "./lock.ts";
import { askForOutputs, readOutputs } from "./outputs.ts";

const help = `Usage: npm run signer -- NAME [options]

Plays the home device of the signer NAME: a signer daemon with software keys, and the ssh client that
dials the stack's signer forwarder and redials for ever. Ends with Ctrl-C.

  --stack NAME      the stack, dev if not given
  --outputs FILE    the stack's outputs, as npm run -s output prints them; asked for if not given
  --keys DIR        the folder with the signer's keys: one ssh private key ssh_<type>, and tezos.json,
                    {"<alias>": "<secret key>"}; signer-host/dev/keys/NAME if not given (development keys)
  --daemon-port N   the signer daemon's port on 127.0.0.1, any free one if not given
  --ssh-port N      the port of this host's own sshd on 127.0.0.1, 22 if not given
  --device-ms N     how long the signer's device takes for each signature, one after the other, as a slow Ledger
                    does; none if not given: software keys
  --help            this text

The state is in .local/signers/STACK/NAME: the high watermarks, in octez-signer's files, and what ssh needs.
Its one line goes to stderr. Exit codes: 0 ended by Ctrl-C or a signal, 1 failure, 2 wrong arguments.
`;

class UsageError extends Error {}

async function main(): Promise<void> {
  const { values, positionals } = readArguments();
  if (values.help) {
    process.stdout.write(help);
    return;
  }
  const [name, ...others] = positionals;
  if (name === undefined || others.length > 0) {
    throw new UsageError(`arguments: found ${positionals.length} names, wanted one signer's NAME`);
  }
  const stack = values.stack;
  if (!/^[A-Za-z0-9][\w.-]*$/.test(stack)) {
    throw new UsageError(`--stack: found ${JSON.stringify(stack)}, wanted the name of a stack`);
  }
  const daemonPort = portIn("--daemon-port", values["daemon-port"], 0);
  const sshPort = portIn("--ssh-port", values["ssh-port"], 22);

  const deviceMs = millisecondsIn("--device-ms", values["device-ms"]);

  const outputs = values.outputs === undefined ? await askForOutputs(root, stack) : readOutputs(values.outputs);
  const signer = Object.hasOwn(outputs.signers, name) ? outputs.signers[name] : undefined;
  if (signer === undefined) {
    const names = Object.keys(outputs.signers).join(", ") || "none at all";
    throw new UsageError(`NAME: found ${JSON.stringify(name)}, wanted one of the stack's signers: ${names}`);
  }
  const stopped = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => stopped.abort());
  }
  onOrphaned(() => stopped.abort());
  const { keys } = values;
  // Loaded here, because its cryptography takes half a second, which a mistake in the words need not wait for.
  const { runSigner } = await import("./session.ts");
  await runSigner({ name, stack, outputs, signer, keys, deviceMs, daemonPort, sshPort, signal: stopped.signal });
}

/**
 * Calls back when the npm that runs this is gone. npm hands SIGTERM to the shell between us, which dies of it and tells
 * nobody (seen with npm 11). Does nothing if the command was started otherwise: then only a signal ends it.
 */
function onOrphaned(callback: () => void): void {
  const parent = process.ppid;
  if (process.env.npm_lifecycle_event === "signer") {
    setInterval(() => process.ppid !== parent && callback(), 500).unref();
  }
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        stack: { type: "string", default: "dev" },
        outputs: { type: "string" },
        keys: { type: "string" },
        "daemon-port": { type: "string" },
        "ssh-port": { type: "string" },
        "device-ms": { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function millisecondsIn(option: string, text: string | undefined): number {
  if (text !== undefined && !/^\d{1,5}$/.test(text)) {
    throw new UsageError(`${option}: found ${JSON.stringify(text)}, wanted milliseconds, 0 to 99999`);
  }
  return Number(text ?? 0);
}

function portIn(option: string, text: string | undefined, fallback: number): number {
  if (text === undefined) {
    return fallback;
  }
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > 65535) {
    throw new UsageError(`${option}: found ${JSON.stringify(text)}, wanted a port from 1 to 65535`);
  }
  return port;
}

try {
  await main();
} catch (error) {
  const isUsage = error instanceof UsageError;
  const advice =
    error instanceof LockHeldError ? "\nTwo signers with one key share no watermark: end that one first" : "";
  process.stderr.write(`signer: ${(error as Error).message}${advice}${isUsage ? "\nSee --help" : ""}\n`);
  process.exitCode = isUsage ? 2 : 1;
}
