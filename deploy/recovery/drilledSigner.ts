import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { primarySigner } from "../../infra/config/signerRoutes.ts";
import { root } from "../../local/machine/checkout.ts";
import { project } from "../stack/project.ts";
import type { Stack } from "../stack/stack.ts";

/** A key that the drill waits for: its alias in the baker's log, its baker, and the first signer that holds it. */
export type DrilledKey = { readonly alias: string; readonly baker: string; readonly signer: string };

/** The key of each delegate of the config file that is named first: that which signs for it now. */
export function drilledKeys({ file }: Stack): DrilledKey[] {
  type Baker = { name: string; delegates: { keys: { consensus: { name: string; signer: string | string[] }[] } }[] };
  const bakers = (file.config?.[`${project}:bakers`] ?? []) as Baker[];
  return bakers.flatMap(({ name, delegates }) =>
    delegates.flatMap(({ keys }) =>
      keys.consensus.slice(0, 1).map((key) => ({ alias: key.name, baker: name, signer: primarySigner(key) })),
    ),
  );
}

/** The time of a key's first signature since a moment, in milliseconds, from `kubectl logs --timestamps` of a baker. */
export function firstSignature(log: string, alias: string, since: Date): number | undefined {
  const times = log
    .split("\n")
    .map((line) => /^(\S+) (.*)$/.exec(line))
    .filter((line) => line?.[2]?.startsWith(`${alias}: signed `))
    .map((line) => Date.parse(line?.[1] ?? ""));
  return times.filter((time) => time >= since.getTime()).sort((a, b) => a - b)[0];
}

/** A home device with development keys, played by `npm run signer`. */
export class DrilledSigner {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #knownHosts: string;
  #output = "";
  #knownBefore: string | undefined;

  /** Starts it with the outputs in a file. It never learns of newer outputs. */
  constructor(name: string, stack: string, outputs: string) {
    this.name = name;
    this.#knownHosts = join(root, ".local/signers", stack, name, "known_hosts");
    const words = [join(root, "signer-host/dev/signer.ts"), name, "--stack", stack, "--outputs", outputs];
    this.#child = spawn(process.execPath, words, { cwd: root, stdio: ["ignore", "ignore", "pipe"] });
    this.#child.stderr?.on("data", (data) => {
      this.#output += data;
      if (this.#knownBefore === undefined && /: connected to /.test(this.#output)) this.#knownBefore = this.#known();
    });
  }

  output(): string {
    return this.#output;
  }

  isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Whether it ever rejected the forwarder's host key, or its known host keys differ from those at the first connect. */
  sawAnotherHostKey(): boolean {
    return /REFUSED to talk|REVOKED/.test(this.#output) || this.#known() !== this.#knownBefore;
  }

  async stop(): Promise<void> {
    if (!this.isRunning()) return;
    const ended = new Promise((done) => this.#child.on("close", done));
    this.#child.kill("SIGTERM");
    await ended;
  }

  #known(): string {
    return readFileSync(this.#knownHosts, "utf8");
  }
}
