import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";

/** Another process of this machine holds the lock. */
export class LockHeldError extends Error {
  override readonly name = "LockHeldError";
  readonly pid: number;

  constructor(path: string, pid: number) {
    super(`${path}: held by process ${pid}`);
    this.pid = pid;
  }
}

/**
 * Takes a lock for the life of this process. Call the result to release it earlier. The file holds the process id and
 * its start time. So a lock is taken over if its owner was killed, or if another process has its process id by now.
 * Throws a LockHeldError if its owner is alive.
 */
export function takeLock(path: string): () => void {
  const mine = { pid: process.pid, started: startOf(process.pid) };
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(mine));
  try {
    // A link appears with its content, or fails if the file exists already.
    while (!tryTo("EEXIST", () => linkSync(draft, path))) {
      const owner = ownerOf(path);
      if (owner !== undefined && owner.started === startOf(owner.pid)) {
        throw new LockHeldError(path, owner.pid);
      }
      discard(path, `${path}.stale.${process.pid}`);
    }
  } finally {
    rmSync(draft, { force: true });
  }
  return () => rmSync(path, { force: true });
}

/** Removes a dead owner's lock. If another process has taken it over in the meantime, that lock is put back. */
function discard(path: string, aside: string): void {
  if (!tryTo("ENOENT", () => renameSync(path, aside))) {
    return;
  }
  const owner = ownerOf(aside);
  if (owner !== undefined && owner.started === startOf(owner.pid)) {
    tryTo("EEXIST", () => linkSync(aside, path));
  }
  rmSync(aside, { force: true });
}

function ownerOf(path: string): { pid: number; started: string } | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

/**
 * When a process started: field 22 of Linux's /proc/<pid>/stat, in clock ticks since boot, with the id of that boot.
 * Undefined if there is no such process; "alive" on a system without /proc.
 */
function startOf(pid: number): string | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    return `${fields[19]}@${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()}`;
  } catch {
    if (process.platform === "linux") {
      return undefined;
    }
    return tryTo("ESRCH", () => process.kill(pid, 0)) ? "alive" : undefined;
  }
}

/** Runs `act`. Returns false if it fails with that error code. */
function tryTo(code: string, act: () => void): boolean {
  try {
    act();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === code) {
      return false;
    }
    throw error;
  }
}
