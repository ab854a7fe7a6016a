import { spawn } from "node:child_process";
import { chmodSync, copyFileSync, writeFileSync } from "node:fs";
import { homeOf, inside } from "./network.ts";
import { type Stack, temporary } from "./testStack.ts";

/** The result of an ssh command: its exit code, or null if it was still running at the time-out, and its output. */
export type SshResult = { readonly code: number | null; readonly output: string };

/** The command of a stock OpenSSH client that dials a stack's forwarder from a signer's home, with some key. */
export async function sshWords(
  stack: Stack,
  home: string,
  keyFile: string,
  otherPort?: number,
): Promise<[string, string[]]> {
  const { knownHosts, signerEndpoints } = await stack.outputs();
  const known = temporary(`${stack.name}-known-hosts`);
  writeFileSync(known, knownHosts);
  // ssh rejects a key that others can read, and git does not store such a mode.
  const key = temporary(`key-${home}`);
  copyFileSync(keyFile, key);
  chmodSync(key, 0o600);
  const { host, port, user } = signerEndpoints[0];
  const identity = [`HostKeyAlias=${host}`, `UserKnownHostsFile=${known}`];
  const options = ["BatchMode=yes", "StrictHostKeyChecking=yes", ...identity, "IdentitiesOnly=yes"];
  const [enter, ...namespace] = inside(homeOf(home)) as [string, ...string[]];
  const words = [
    "-F",
    "none",
    "-i",
    key,
    "-p",
    String(otherPort ?? port),
    "-l",
    user,
    ...options.flatMap((option) => ["-o", option]),
  ];
  return [enter, [...namespace, "ssh", ...words, "-o", "ConnectTimeout=5", host]];
}

/** Runs ssh until it ends or times out. `words` go in front of the host, `remote` behind it. */
export async function ssh(
  [command, base]: [string, string[]],
  words: readonly string[],
  remote: readonly string[] = [],
  seconds = 6,
): Promise<SshResult> {
  const at = base.indexOf("ssh") + 1;
  const all = [...base.slice(0, at), ...words, ...base.slice(at), ...remote];
  const child = spawn(command, all, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (data) => {
      output += data;
    });
  }
  const timer = setTimeout(() => child.kill("SIGKILL"), seconds * 1000);
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  clearTimeout(timer);
  return { code, output };
}

/** The client's output without the `failed` lines that the gateway's health checks cause if no daemon is running. */
export function said({ output }: SshResult): string {
  return output.replaceAll(/^connect_to 127\.0\.0\.1 port 1: failed\.\r?\n/gm, "");
}
