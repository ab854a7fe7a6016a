import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { run } from "../../local/machine/run.ts";

/** Copies the image's root file system from a process of the forwarder, and adds the few devices that programs need. */
export async function copyRoot(pid: number, target: string): Promise<void> {
  mkdirSync(target, { recursive: true });
  await run("cp", ["--archive", "--one-file-system", ".", target], { cwd: join("/proc", String(pid), "root") });
  mkdirSync(join(target, "dev"), { recursive: true });
  for (const [name, minor] of [
    ["null", 3],
    ["zero", 5],
    ["random", 8],
    ["urandom", 9],
  ] as const) {
    const file = join(target, "dev", name);
    await run("rm", ["-f", file]);
    await run("mknod", ["-m", "666", file, "c", "1", String(minor)]);
  }
}
