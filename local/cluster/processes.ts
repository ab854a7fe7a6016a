import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { lastLines } from "../machine/run.ts";
import type { Layout } from "./layout.ts";
import { enter, namespacesId } from "./namespaces.ts";

/** A program that a cluster keeps running, with the files that it reads. */
export type Daemon = {
  readonly name: string;
  readonly command: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Path to content. Written before the start, readable only by root. */
  readonly files: Readonly<Record<string, string>>;
};

/** The note about a started process. It tells the process from any other, and shows whether its command has changed. */
type Note = {
  readonly pid: number;
  readonly startTime: string;
  readonly fingerprint: string;
};

/** The start time in /proc/PID/stat, in ticks since the machine's boot. Undefined for a process that has ended. */
export function startTimeOf(stat: string): string | undefined {
  // The second field is the program's name in parentheses, and may itself hold spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
}

function startTime(pid: number): string | undefined {
  try {
    return startTimeOf(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return undefined;
  }
}

/** A hash that changes when a running process no longer matches the daemon's description. */
export function fingerprint(daemon: Daemon, surroundings: string): string {
  const parts = [daemon.command, daemon.environment ?? {}, daemon.files, surroundings];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

const noteFile = (layout: Layout, name: string): string => join(layout.run, "processes", `${name}.json`);

const logFile = (layout: Layout, name: string): string => join(layout.logs, `${name}.log`);

function runningNote(layout: Layout, name: string): Note | undefined {
  try {
    const note = JSON.parse(readFileSync(noteFile(layout, name), "utf8")) as Note;
    return startTime(note.pid) === note.startTime ? note : undefined;
  } catch {
    return undefined;
  }
}

export function runningPid(layout: Layout, name: string): number | undefined {
  return runningNote(layout, name)?.pid;
}

function wantedFingerprint(layout: Layout, daemon: Daemon, surroundings: string): string {
  return fingerprint(daemon, `${surroundings} ${namespacesId(layout)}`);
}

/** Whether the daemon runs as described. */
export function isRunning(layout: Layout, daemon: Daemon, surroundings: string): boolean {
  return runningNote(layout, daemon.name)?.fingerprint === wantedFingerprint(layout, daemon, surroundings);
}

/** Makes the daemon run as described. Returns whether it had to be started. */
export async function ensureRunning(
  layout: Layout,
  daemon: Daemon,
  cgroups: readonly string[],
  surroundings: string,
): Promise<boolean> {
  if (isRunning(layout, daemon, surroundings)) return false;
  const note = runningNote(layout, daemon.name);
  if (note) await stop(note);
  for (const [path, content] of Object.entries(daemon.files)) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content, { mode: 0o600 });
  }
  const pid = start(layout, daemon, cgroups);
  const started: Note = {
    pid,
    startTime: startTime(pid) ?? "",
    fingerprint: wantedFingerprint(layout, daemon, surroundings),
  };
  const file = noteFile(layout, daemon.name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, JSON.stringify(started));
  renameSync(`${file}.new`, file);
  return true;
}

/** Starts a daemon in the cluster's control groups and namespaces. */
function start(layout: Layout, daemon: Daemon, cgroups: readonly string[]): number {
  const log = logFile(layout, daemon.name);
  mkdirSync(dirname(log), { recursive: true });
  // The log of the previous run is kept, because it shows why that run ended.
  if (existsSync(log)) renameSync(log, `${log}.1`);
  const output = openSync(log, "a", 0o600);
  // The shell joins the control groups and then becomes the program, so none of its children can escape.
  const script =
    'umask 022; while [ "$1" != -- ]; do echo $$ > "$1/cgroup.procs" || exit 1; shift; done; shift; exec "$@"';
  const child = spawn("sh", ["-c", script, "sh", ...cgroups, "--", ...enter(layout), ...daemon.command], {
    cwd: "/",
    detached: true,
    stdio: ["ignore", output, output],
    // The cluster outlives the caller, so it gets nothing of the caller's environment (proxies, credentials).
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", HOME: "/root", LANG: "C.UTF-8", ...daemon.environment },
  });
  closeSync(output);
  child.on("error", () => {});
  child.unref();
  if (child.pid === undefined) throw new Error(`${daemon.name}: cannot be started: sh not found`);
  return child.pid;
}

async function stop(note: Note): Promise<void> {
  for (const [signal, timeout] of [["SIGTERM", 10_000] as const, ["SIGKILL", 5_000] as const]) {
    if (startTime(note.pid) !== note.startTime) return;
    try {
      process.kill(note.pid, signal);
    } catch {
      return;
    }
    const deadline = Date.now() + timeout;
    while (startTime(note.pid) === note.startTime && Date.now() < deadline) await sleep(20);
  }
}

/** Waits until `healthy` is true. The error names the process that ended or did not answer, and quotes its log. */
export async function waitHealthy(
  layout: Layout,
  name: string,
  healthy: () => Promise<boolean>,
  timeout = 120_000,
): Promise<void> {
  const deadline = Date.now() + timeout;
  for (let pause = 25; !(await healthy()); pause = Math.min(pause * 1.3, 250)) {
    const ended = runningPid(layout, name) === undefined;
    if (ended || Date.now() > deadline) {
      const found = ended ? "found it ended" : `found it not healthy after ${timeout / 1000} s`;
      const log = logFile(layout, name);
      throw new Error(
        `local cluster ${layout.name}: ${name}: ${found}, wanted it serving; ${log} ends with\n${tail(log)}`,
      );
    }
    await sleep(pause);
  }
}

function tail(log: string): string {
  return existsSync(log) ? lastLines(readFileSync(log, "utf8")) : "  (no such file)";
}
