import { join } from "node:path";
import { root } from "../local/machine/checkout.ts";
import type { WalletKey } from "../octez-stand-in/wallet.ts";
import { type Background, start } from "../testbed/background.ts";
import type { AskerSettings } from "./asker.ts";
import type { Ask } from "./figures.ts";
import { podProcess } from "./podProcess.ts";

/** The pod of the baker in whose place requests come. */
export const bakerPod = "baker-alice-0";
/** A program that runs in that pod once it may ask: octez-baker itself. */
export const bakerProgram = /octez-baker/;

/** What asks for signatures from inside the network of the baker's pod, as octez-baker does, and is not octez-baker. */
export class AskingBaker {
  readonly #keys: readonly WalletKey[];
  readonly #levelMs: number;
  #asker: Background | undefined;
  #said = "";

  constructor(keys: readonly WalletKey[], levelMs: number) {
    this.#keys = keys;
    this.#levelMs = levelMs;
  }

  /** Starts asking. The pod must run. */
  start(): void {
    const settings: AskerSettings = { levelMs: this.#levelMs, start: Math.floor(Date.now() / 1000), keys: this.#keys };
    const program = [process.execPath, join(root, "chaos/asker.ts"), JSON.stringify(settings)];
    this.#asker = start("nsenter", [`--net=/proc/${podProcess(bakerPod, bakerProgram)}/ns/net`, "--", ...program]);
  }

  /** Stops asking. What is under way and has not waited for long is no request of the run. */
  async stop(): Promise<void> {
    await this.#asker?.stop();
    this.#said += this.#asker?.output() ?? "";
    this.#asker = undefined;
  }

  /** Throws if the program that asks has ended by itself: what is not asked for is never lost. */
  check(): void {
    const { child } = this.#asker ?? {};
    if (child?.exitCode === null && child.signalCode === null) return;
    throw new Error(`the asking baker: found it ended, wanted it asking\n${this.output().slice(-1000)}`);
  }

  asks(): Ask[] {
    const lines = this.output().split("\n");
    return lines.filter((line) => line.startsWith("{") && line.endsWith("}")).map((line) => JSON.parse(line) as Ask);
  }

  output(): string {
    return `${this.#said}${this.#asker?.output() ?? ""}`;
  }
}
