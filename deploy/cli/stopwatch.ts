import { progress } from "./command.ts";

/** Runs the steps of a longer work, and says how long each took. */
export class Steps {
  readonly #taken: { what: string; seconds: number }[] = [];
  readonly #started = Date.now();

  /** Runs a step; its seconds are said when it ends. */
  async run<T>(what: string, work: () => Promise<T>): Promise<T> {
    const started = Date.now();
    progress(`${what} …`);
    const value = await work();
    const seconds = (Date.now() - started) / 1000;
    this.#taken.push({ what, seconds });
    return value;
  }

  /** All steps with their seconds, a line each, and their sum. */
  report(): string {
    const lines = [...this.#taken, { what: "in all", seconds: (Date.now() - this.#started) / 1000 }];
    return lines.map(({ what, seconds }) => `${seconds.toFixed(1).padStart(7)} s  ${what}\n`).join("");
  }
}
