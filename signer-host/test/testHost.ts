import { type ChildProcess, spawn } from "node:child_process";
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { run } from "../../local/machine/run.ts";

/** Waits until a condition holds. Fails after `seconds` with what was wanted. */
export async function until(wanted: string, holds: () => boolean | Promise<boolean>, seconds = 20): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`waited ${seconds} s for ${wanted}`);
    await sleep(50);
  }
}

/** Whether something can be done. */
export const succeeds = (work: Promise<unknown>): Promise<boolean> =>
  work.then(
    () => true,
    () => false,
  );

/** The files of this machine's /etc that programs need to look up names and users. */
const copied = ["passwd", "group", "nsswitch.conf", "hosts", "ld.so.cache"];

/** The folders of a host that the test writes, and their folders on this machine, below the host's own. */
const folders = { "/etc": "etc", "/run": "run", "/sys": "sys", "/var/lib": "state" } as const;

/**
 * A signer host in namespaces of its own: its processes, its network, which is loopback and what the test adds, and an
 * /etc, /run, /sys and /var/lib that the test writes. It needs root. Its processes end with it.
 */
export class TestHost {
  readonly folder = mkdtempSync(join(tmpdir(), "signer-host-"));
  #holder: ChildProcess | undefined;
  #pid = "";
  readonly #entered: ChildProcess[] = [];

  async start(): Promise<void> {
    for (const name of copied) if (existsSync(`/etc/${name}`)) copyFileSync(`/etc/${name}`, this.place(`etc/${name}`));
    for (const folder of Object.values(folders)) mkdirSync(join(this.folder, folder), { recursive: true });
    const namespaces = ["--net", "--mount", "--propagation=private", "--pid", "--fork", "--kill-child", "--mount-proc"];
    const holder = spawn("unshare", [...namespaces, "sleep", "infinity"], { stdio: "ignore" });
    this.#holder = holder;
    await until("the namespaces", () => {
      this.#pid = readFileSync(`/proc/${holder.pid}/task/${holder.pid}/children`, "utf8").trim();
      return this.#pid !== "" && readFileSync(`/proc/${this.#pid}/comm`, "utf8") === "sleep\n";
    });
    for (const [path, name] of Object.entries(folders)) {
      await this.run("mount", "--bind", join(this.folder, name), path);
    }
    await this.run("ip", "link", "set", "lo", "up");
  }

  /** The path on this machine of a file of the host, below its folder. Its folder is made. */
  place(name: string): string {
    const file = join(this.folder, name);
    mkdirSync(dirname(file), { recursive: true });
    return file;
  }

  /** Writes a file, with a newline at its end, and returns its path. */
  write(name: string, text: string): string {
    const file = this.place(name);
    writeFileSync(file, `${text}\n`);
    return file;
  }

  link(name: string, target: string): void {
    symlinkSync(target, this.place(name));
  }

  #inside(command: readonly string[]): readonly string[] {
    return ["--target", this.#pid, "--net", "--mount", "--pid", "--", ...command];
  }

  /** Runs a command in the host, and returns its standard output. Throws an Error if it fails. */
  run(...command: string[]): Promise<string> {
    return run("nsenter", this.#inside(command));
  }

  /** Starts a program in the host that runs until `signal` or the host's end. The name is for `signal`, and for `logs/`. */
  background(name: string, command: readonly string[], env: NodeJS.ProcessEnv = {}): void {
    const file = this.place(`pids/${name}`);
    rmSync(file, { force: true });
    const words = this.#inside(["sh", "-c", 'echo $$ >"$0.new" && mv "$0.new" "$0" && exec "$@"', file, ...command]);
    const log = openSync(this.place(`logs/${name}`), "a");
    const child = spawn("nsenter", words, { stdio: ["ignore", log, log], env: { ...process.env, ...env } });
    closeSync(log);
    this.#entered.push(child);
  }

  /** Sends a signal to a program that `background` has started. */
  async signal(name: string, signal: "STOP" | "CONT" | "KILL"): Promise<void> {
    const file = this.place(`pids/${name}`);
    await until(`the process of ${name}`, () => existsSync(file));
    await this.run("kill", "-s", signal, readFileSync(file, "utf8").trim());
  }

  /** A page that a program in the host serves, and how long it took, in ms. */
  async page(url: string): Promise<{ readonly status: number; readonly body: string; readonly took: number }> {
    const script = `const begin = performance.now();
      const answer = await fetch(${JSON.stringify(url)});
      const body = await answer.text();
      console.log(JSON.stringify({ status: answer.status, body, took: performance.now() - begin }));`;
    return JSON.parse(await this.run(process.execPath, "--input-type=module", "-e", script));
  }

  /** Ends its processes, and removes everything. */
  async stop(): Promise<void> {
    if (this.#holder && this.#holder.exitCode === null) {
      const ended = new Promise((resolve) => this.#holder?.once("exit", resolve));
      this.#holder.kill("SIGKILL");
      await ended;
    }
    // nsenter stops when its program is stopped, and waits then for ever.
    for (const child of this.#entered) child.kill("SIGKILL");
    // The processes end with the first of them, a moment after it.
    await until("the end of its processes", () => !existsSync(`/proc/${this.#pid}/ns`) || this.#pid === "");
    rmSync(this.folder, { recursive: true, maxRetries: 5, retryDelay: 100 });
  }
}
