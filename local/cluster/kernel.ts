import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withLock } from "../machine/machineLock.ts";
import { type Progress, runFolder } from "../machine/paths.ts";

/**
 * The kubelet sets these for the whole machine when it starts. Among other things, a kernel fault then reboots the
 * machine. That is right for a node but not for somebody's workstation, so we restore the values.
 */
const settings = [
  "vm/overcommit_memory",
  "vm/panic_on_oom",
  "kernel/panic",
  "kernel/panic_on_oops",
  "kernel/keys/root_maxkeys",
  "kernel/keys/root_maxbytes",
].map((name) => `/proc/sys/${name}`);

const lock = join(runFolder, "kernel.lock");
const what = "the kernel's settings";

/** Holds the machine's own values while a kubelet starts. After an interruption, the next run restores them. */
const note = join(runFolder, "kernel-settings.json");

/** Starts a kubelet with `work`, and restores the machine's settings when `work` has ended. */
export function keepingKernelSettings<T>(progress: Progress, work: () => Promise<T>): Promise<T> {
  // Two kubelets that start at the same time would take each other's settings for the machine's own.
  return withLock(lock, what, progress, async () => {
    if (!existsSync(note)) {
      const values = settings.map((file) => [file, readFileSync(file, "utf8")]);
      writeFileSync(`${note}.new`, JSON.stringify(Object.fromEntries(values)));
      renameSync(`${note}.new`, note);
    }
    try {
      return await work();
    } finally {
      restore();
    }
  });
}

/** Restores the settings that an interrupted start of a kubelet has left changed. */
export async function restoreKernelSettings(progress: Progress): Promise<void> {
  if (existsSync(note)) await withLock(lock, what, progress, async () => restore());
}

function restore(): void {
  if (!existsSync(note)) return;
  for (const [file, value] of Object.entries(JSON.parse(readFileSync(note, "utf8")) as Record<string, string>)) {
    if (readFileSync(file, "utf8") !== value) writeFileSync(file, value);
  }
  rmSync(note);
}
