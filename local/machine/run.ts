import { spawn } from "node:child_process";

export type CommandOptions = {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Written to the command's standard input. */
  readonly input?: string;
  /** After so many milliseconds the command gets SIGTERM. No limit unless given. */
  readonly timeoutMs?: number;
};

/** What became of a command. */
export type Outcome = {
  /** Its exit code, or null if a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Both outputs, in the order in which they came. */
  readonly all: string;
};

/** Runs a command to its end. Throws only if it can't be started. */
export function attempt(command: string, args: readonly string[], options: CommandOptions = {}): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const { cwd, env, timeoutMs } = options;
    const child = spawn(command, args, { cwd, env, stdio: ["pipe", "pipe", "pipe"], timeout: timeoutMs });
    const outputs = { stdout: [] as Buffer[], stderr: [] as Buffer[], all: [] as Buffer[] };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].on("data", (chunk: Buffer) => {
        outputs[name].push(chunk);
        outputs.all.push(chunk);
      });
    }
    // A command that does not read its input closes the pipe early. That is not an error.
    child.stdin.on("error", () => {});
    child.stdin.end(options.input ?? "");
    child.on("error", (error) => reject(new Error(`${[command, ...args].join(" ")}: ${error.message}`)));
    child.on("close", (code, signal) => {
      const text = (name: keyof typeof outputs) => Buffer.concat(outputs[name]).toString();
      resolve({ code, signal, stdout: text("stdout"), stderr: text("stderr"), all: text("all") });
    });
  });
}

/** Runs a command and returns its standard output. If it fails, throws an Error with the command and its last lines. */
export async function run(command: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const { code, signal, stdout, all } = await attempt(command, args, options);
  if (code === 0) return stdout;
  throw new Error(`${[command, ...args].join(" ")}: ended with ${signal ?? code}\n${lastLines(all)}`);
}

/** The last lines of a program's output, indented, as errors quote them. */
export function lastLines(text: string, count = 15): string {
  const lines = text.trimEnd().split("\n").slice(-count);
  return lines.map((line) => `  ${line.length > 400 ? `${line.slice(0, 400)}…` : line}`).join("\n");
}
