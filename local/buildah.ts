import { join } from "node:path";
import { run } from "./command.ts";
import { runFolder, stateFolder } from "./layout.ts";

/** Runs buildah with a store of its own, so that the user's images stay apart. */
export function buildah(args: readonly string[]): Promise<string> {
  const store = ["--root", join(stateFolder, "buildah"), "--runroot", join(runFolder, "buildah")];
  // vfs works on any file system, in a container too.
  return run("buildah", ["--storage-driver", "vfs", ...store, ...args]);
}
