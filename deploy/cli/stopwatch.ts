import { progress } from "./command.ts";

/** Runs the steps of a longer job, and reports how long each took. */
export class Steps {
  readonly #taken: { what: string; seconds: number }[] = [];
  readonly #started = Date.now();

  /** Runs a step, and records its seconds. */
  async run<T>(what: string, work: () => Promise<T>): Promise<T> {
    const started = Date.now();
    progress(`${what} …`);
    const value = await work();
    const seconds = (Date.now() - started) / 1000;
    this.#taken.push({ what, seconds });
    return value;
  }

  /** Lists all steps with their seconds, one a line, and the total. */
  report(): string {
    const lines = [...this.#taken, { what: "in all", seconds: (Date.now() - this.#started) / 1000 }];
    return lines.map(({ what, seconds }) => `${seconds.toFixed(1).padStart(7)} s  ${what}\n`).join("");
  }
}
