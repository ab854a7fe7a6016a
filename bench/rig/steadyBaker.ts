import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { onExit } from "../base/cleanup.ts";
import { askWords, type SignerAddress } from "./traffic.ts";

/** One signature that a baker has requested. Times are in milliseconds since 1970. */
type Asked = { readonly start: number; readonly end: number; readonly cause?: string };

/** A baker that requests signatures at a steady pace, each with Octez's time-out by default. */
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

  /**
   * The time of the first signature among those requested since `moment`, in milliseconds since 1970.
   * It is undefined if none came within `seconds` of that moment.
   */
  async firstSince(moment: number, seconds: number): Promise<number | undefined> {
    while (Date.now() < moment + seconds * 1000) {
      const ends = this.#signed.filter(({ start }) => start >= moment).map(({ end }) => end);
      if (ends.length > 0) return Math.min(...ends);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return undefined;
  }

  /** The cause of the last failure, or an empty text if no signature has failed. */
  get failure(): string {
    return this.#failed?.cause ?? "";
  }

  /** Forgets the signatures so far. */
  forget(): void {
    this.#signed.length = 0;
  }

  async stop(): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#closed;
  }
}
