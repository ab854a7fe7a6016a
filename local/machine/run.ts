import { spawn } from "node:child_process";

export type CommandOptions = {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Written to the command's standard input. */
  readonly input?: string;
};

/** Runs a command and returns its standard output. If it fails, throws an Error with the command and its last lines. */
export function run(command: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: options.cwd, env: options.env, stdio: ["pipe", "pipe", "pipe"] });
    const stdout: Buffer[] = [];
    const all: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => {
      stdout.push(chunk);
      all.push(chunk);
    });
    child.stderr.on("data", (chunk: Buffer) => all.push(chunk));
    // A command that does not read its input closes the pipe early. That is not an error.
    child.stdin.on("error", () => {});
    child.stdin.end(options.input ?? "");
    const line = [command, ...args].join(" ");
    child.on("error", (error) => reject(new Error(`${line}: ${error.message}`)));
    child.on("close", (code, signal) => {
      if (code === 0) resolve(Buffer.concat(stdout).toString());
      else reject(new Error(`${line}: ended with ${signal ?? code}\n${lastLines(Buffer.concat(all).toString())}`));
    });
  });
}

/** The last lines of a program's output, indented, as errors quote them. */
export function lastLines(text: string, count = 15): string {
  const lines = text.trimEnd().split("\n").slice(-count);
  return lines.map((line) => `  ${line.length > 400 ? `${line.slice(0, 400)}…` : line}`).join("\n");
}
