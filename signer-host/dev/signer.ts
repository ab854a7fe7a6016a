import { parseArgs } from "node:util";
import { root } from "../../local/machine/checkout.ts";
import { LockHeldError } from "./lock.ts";
import { askForOutputs, readOutputs } from "./outputs.ts";

const help = `Usage: npm run signer -- NAME [options]

Plays the home device of the signer NAME: a signer daemon with software keys, and the ssh client that
dials the stack's signer forwarder and redials until you press Ctrl-C.

  --stack NAME      the stack (default: dev)
  --outputs FILE    the stack's outputs, as npm run -s output prints them (default: runs that command)
  --keys DIR        the folder with the signer's keys: one ssh private key ssh_<type>, and tezos.json,
                    {"<alias>": "<secret key>"} (default: signer-host/dev/keys/NAME, development keys)
  --require-authentication
                    signs the requests of the stack's bakers alone, as octez-signer with that option does: the
                    outputs have their keys if the stack has an authenticationSeed
  --daemon-port N   the signer daemon's port on 127.0.0.1 (default: any free one)
  --ssh-port N      the port of this host's own sshd on 127.0.0.1 (default: 22)
  --device-ms N     how long the signer's device takes for a signature, in milliseconds, one signature at a time,
                    as a slow Ledger does (default: software keys without a device)
  --help            prints this text

The state is in .local/signers/STACK/NAME: the high watermarks, in octez-signer's files, and the files that ssh
needs. The one status line goes to stderr. Exit codes: 0 ended by Ctrl-C or a signal, 1 failure, 2 usage error.
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
    const names = Object.keys(outputs.signers).join(", ") || "(none)";
    throw new UsageError(`NAME: found ${JSON.stringify(name)}, wanted one of the stack's signers: ${names}`);
  }
  const requiresAuthentication = values["require-authentication"];
  if (requiresAuthentication && signer.authorizedKeys.length === 0) {
    throw new UsageError(
      `--require-authentication: found no key in signers.${name}.authorizedKeys of the outputs, wanted a stack with an ` +
        "authenticationSeed and a baker that uses this signer: nothing would be signed",
    );
  }
  const stopped = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => stopped.abort());
  }
  onOrphaned(() => stopped.abort());
  const options = { keys: values.keys, requiresAuthentication, deviceMs, daemonPort, sshPort };
  // Loaded here, because its cryptography takes half a second. A wrong argument fails before that.
  const { runSigner } = await import("./session.ts");
  await runSigner({ name, stack, outputs, signer, ...options, signal: stopped.signal });
}

/**
 * Calls back when the npm that runs this has ended. npm sends SIGTERM to the shell between us, which dies without
 * passing it on (seen with npm 11). Does nothing if the command was not started by npm: then only a signal ends it.
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
        "require-authentication": { type: "boolean", default: false },
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
    error instanceof LockHeldError ? "\nTwo signers with one key do not share a watermark: stop that one first" : "";
  process.stderr.write(`signer: ${(error as Error).message}${advice}${isUsage ? "\nSee --help" : ""}\n`);
  process.exitCode = isUsage ? 2 : 1;
}
