import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

/** For tests: a stand-in program in a separate process. */
export class RunningProgram {
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  #waiting: (() => void)[] = [];

  /** `folder` holds the programs: this folder by default, or a copy as in the image. */
  constructor(name: string, args: readonly string[], folder = import.meta.dirname) {
    this.#child = spawn(process.execPath, [join(folder, `${name}.ts`), ...args], { stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      let rest = "";
      stream?.setEncoding("utf8").on("data", (text: string) => {
        const lines = (rest + text).split("\n");
        rest = lines.pop() ?? "";
        this.lines.push(...lines);
        for (const resolve of this.#waiting.splice(0)) resolve();
      });
    }
    this.#child.on("close", () => {
      for (const resolve of this.#waiting.splice(0)) resolve();
    });
  }

  /** The first line that matches, or the one with that number, once the program has printed it. */
  async line(pattern: RegExp, number = 1): Promise<string> {
    for (;;) {
      const found = this.lines.filter((line) => pattern.test(line))[number - 1];
      if (found !== undefined) return found;
      if (this.#child.exitCode !== null) throw new Error(`no ${pattern} in:\n${this.lines.join("\n")}`);
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
  }

  /** Its exit code, once it has ended. */
  async ended(): Promise<number | null> {
    if (this.#child.exitCode === null) await once(this.#child, "close");
    return this.#child.exitCode;
  }

  /** Tells it to end and returns its exit code. */
  async stop(): Promise<number | null> {
    this.#child.kill("SIGTERM");
    return this.ended();
  }
}
