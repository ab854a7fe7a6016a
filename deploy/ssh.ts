import { spawn } from "node:child_process";
import { constants } from "node:os";
import { show } from "../infra/config/configError.ts";
import { isOnPath } from "../infra/facts/onPath.ts";
import { commonOptions, progress, runCommand, UsageError } from "./cli/command.ts";
import { shellLine } from "./cli/shellWords.ts";
import { answersOf, type ForwarderPod } from "./cluster/forwarderPod.ts";
import { openPortForward } from "./cluster/portForward.ts";
import { reachForwarder } from "./engine/reach.ts";
import { readStack, runStack } from "./stack/stack.ts";

const help = `
npm run ssh -- SIGNER [options] [-- ARGUMENTS]

Logs in to a signer's host through its tunnel: forwards a free port of this machine to the host's sshd, runs ssh, and closes
it all at the end. ARGUMENTS are ssh's own, options or a command: npm run ssh -- home -- -l pi uptime. ssh keeps the host's
key as that of SIGNER.STACK.

  --print               prints the two commands instead
${commonOptions}

Exit codes: ssh's own, 1 there is no way to the host, 2 usage error. Progress goes to stderr.
`;

type SignerOutput = { readonly sshPort: number; readonly sshCommand: string };

await runCommand({ help, words: ["SIGNER"], switches: ["print"], takesRest: true }, async (options) => {
  const [signer = ""] = options.words;
  const stack = readStack(options);
  const program = await runStack(stack);
  const signers = program.outputs.signers as Record<string, SignerOutput>;
  const output = Object.hasOwn(signers, signer) ? signers[signer] : undefined;
  if (!output) {
    const names = Object.keys(signers).join(", ") || "there is none";
    throw new UsageError(`SIGNER: found ${show(signer)}, wanted one of the stack's signers: ${names}`);
  }
  const words = (port: number) => sshWords(`${signer}.${stack.name}`, port, options.rest);
  if (options.has("print")) {
    process.stdout.write(`${output.sshCommand}\n${shellLine(["ssh", ...words(output.sshPort)])}\n`);
    return 0;
  }
  if (!isOnPath("ssh")) throw new Error("this machine: found no program ssh, wanted an OpenSSH client");
  const { pods } = await reachForwarder(stack, program);
  const pod = await podWithTunnel(pods, signer);
  if (!pod) {
    throw new Error(
      `signer ${signer}: found no tunnel of it, wanted one; npm run doctor -- --stack ${stack.name} --signer ${signer} says why`,
    );
  }
  const forward = await openPortForward(pod.command("port-forward", `deployment/${pod.replica}`, `:${output.sshPort}`));
  try {
    const code = await runSsh(words(forward.port));
    // 255 is ssh's own failure. kubectl knows whether nothing listens at the other end.
    if (code === 255 && forward.said() !== "") progress(forward.said());
    return code;
  } finally {
    await forward.close();
  }
});

/** The first replica that has a tunnel of the signer. Throws if none can tell. */
async function podWithTunnel(pods: readonly ForwarderPod[], signer: string): Promise<ForwarderPod | undefined> {
  const connected = await answersOf(pods.map((pod) => pod.connected()));
  return pods[connected.findIndex((names) => names?.includes(signer))];
}

/**
 * ssh's words for a signer's host behind a port of 127.0.0.1, with the user's own behind them.
 *
 * With HostKeyAlias each host has an entry of its own in known_hosts, whatever the port. ssh takes options behind the
 * host as well, so the user's words may be options, a command, or both.
 */
function sshWords(alias: string, port: number, own: readonly string[]): string[] {
  return ["-p", String(port), "-o", `HostKeyAlias=${alias}`, "127.0.0.1", ...own];
}

/** Runs ssh on this terminal, and returns its exit code; 128 and the signal's number, as a shell has it, if one ended it. */
async function runSsh(words: readonly string[]): Promise<number> {
  const child = spawn("ssh", words, { stdio: "inherit" });
  // The terminal sends these to ssh as well. We stay until it has ended, and pass on what only we get.
  const pass = (signal: NodeJS.Signals) => void child.kill(signal);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, pass);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve(code ?? 128 + (constants.signals[signal as NodeJS.Signals] ?? 0)));
  });
}
