import { type ChildProcess, spawn } from "node:child_process";

/** A program that a test runs in the background until it stops it, with the program's output. */
export type Background = {
  readonly child: ChildProcess;
  /** Its stdout and stderr so far. */
  output(): string;
  /** Ends it, and waits until it is gone. */
  stop(): Promise<void>;
};

const running = new Set<Background>();

/**
 * Starts a program in the background, with a pipe for its standard input if `input` says so. `stopAll` stops it if
 * nobody has stopped it before.
 */
export function start(
  name: string,
  words: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
  input: "ignore" | "pipe" = "ignore",
): Background {
  const child = spawn(name, words, { env, stdio: [input, "pipe", "pipe"] });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (data) => {
      text += data;
    });
  }
  const closed = new Promise<void>((resolve) => child.on("close", () => resolve()));
  child.on("error", (error) => {
    text += `${error.message}\n`;
  });
  const background: Background = {
    child,
    output: () => text,
    async stop() {
      running.delete(background);
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
      await closed;
    },
  };
  running.add(background);
  return background;
}

/** Stops every program that is still running. */
export async function stopAll(): Promise<void> {
  await Promise.all([...running].map((background) => background.stop()));
}

/**
 * Waits until a condition holds. If it times out, the error names the condition and what was found instead.
 *
 * It waits three times as long as the last look took, at least 100 ms and at most 1 s. A look that starts a program, as
 * kubectl, so takes a quarter of a core and not a whole one of those that are tested.
 */
export async function until<T>(
  what: string,
  seconds: number,
  condition: () => Promise<T | undefined | false> | T | undefined | false,
  instead: () => Promise<string> | string = () => "",
): Promise<T> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const began = Date.now();
    const value = await condition();
    if (value) return value;
    const now = Date.now();
    if (now > end) throw new Error(`${what}: not within ${seconds} s\n${await instead()}`);
    await new Promise((resolve) => setTimeout(resolve, Math.min(1000, Math.max(100, 3 * (now - began)))));
  }
}
