import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { onExit } from "../base/cleanup.ts";
import { askWords, type SignerAddress } from "./traffic.ts";

/** One signature that a baker has asked for; times in milliseconds since 1970. */
type Asked = { readonly start: number; readonly end: number; readonly cause?: string };

/** A baker who asks for signatures at a steady pace, with Octez's patience for each. */
export class SteadyBaker {
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;
  readonly #signed: Asked[] = [];
  #failed: Asked | undefined;

  constructor(signerAddress: SignerAddress, every: number, seconds: number, timeout = 20) {
    const [program = "", ...words] = [
      "setpriv",
      "--pdeathsig",
      "TERM",
      "--",
      ...askWords(signerAddress, every, seconds, timeout),
    ];
    this.#child = spawn(program, words, { stdio: ["ignore", "pipe", "inherit"] });
    this.#closed = new Promise((resolve) => this.#child.on("close", resolve));
    if (this.#child.stdout) {
      createInterface(this.#child.stdout).on("line", (line) => {
        const asked = JSON.parse(line) as Asked;
        if (asked.cause === undefined) this.#signed.push(asked);
        else this.#failed = asked;
      });
    }
    onExit(`the baker at ${signerAddress.address}`, () => this.stop());
  }

  /** When the first signature was there of those asked for since a moment; undefined if there was none within some seconds. */
  async firstSince(moment: number, seconds: number): Promise<number | undefined> {
    while (Date.now() < moment + seconds * 1000) {
      const ends = this.#signed.filter(({ start }) => start >= moment).map(({ end }) => end);
      if (ends.length > 0) return Math.min(...ends);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return undefined;
  }

  /** Why the last signature that failed did; empty if none has. */
  get failure(): string {
    return this.#failed?.cause ?? "";
  }

  /** Forgets what has been signed so far. */
  forget(): void {
    this.#signed.length = 0;
  }

  async stop(): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#closed;
  }
}
