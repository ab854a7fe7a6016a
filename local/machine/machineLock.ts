import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { Progress } from "./paths.ts";

/**
 * Runs `work` while no other process holds the same lock file.
 *
 * A child process holds the lock for as long as our end of its standard input is open. So the lock is released however
 * this process ends.
 */
export async function withLock<T>(file: string, what: string, progress: Progress, work: () => Promise<T>): Promise<T> {
  mkdirSync(dirname(file), { recursive: true });
  const holder = spawn("flock", ["--exclusive", file, "sh", "-c", "echo held; exec cat >/dev/null"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const notice = setTimeout(() => progress(`waiting for another process that works on ${what} (lock ${file})`), 500);
  try {
    await new Promise<void>((resolve, reject) => {
      holder.stdout.once("data", () => resolve());
      holder.once("error", reject);
      holder.once("close", (code) => reject(new Error(`${file}: cannot be locked: flock ended with ${code}`)));
    });
  } finally {
    clearTimeout(notice);
  }
  try {
    return await work();
  } finally {
    const ended = new Promise((resolve) => holder.once("close", resolve));
    holder.stdin.end();
    await ended;
  }
}
