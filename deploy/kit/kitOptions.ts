import { mkdtempSync, rmdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { show } from "../../infra/config/configError.ts";
import { type Architecture, architectures } from "../../signer-host/package/debianPackage.ts";
import { UsageError, userPath } from "../cli/command.ts";

/** The architecture that `--arch` names, by default that of this machine. */
export function architectureIn(given: string | undefined, machine: string = process.arch): Architecture {
  const own = { x64: "amd64", arm64: "arm64", arm: "armhf" }[machine];
  const found = architectures.find((architecture) => architecture === (given ?? own));
  if (found) return found;
  const wanted = `wanted the host's architecture: ${architectures.join(", ")}`;
  throw new UsageError(`--arch: found ${show(given)}, ${wanted}`);
}

/** The folder that `--out` names, by default the user's current one. Throws UsageError unless it can be written. */
export function folderIn(given: string | undefined): string {
  const folder = userPath(given ?? ".");
  try {
    // Its mode tells root nothing.
    rmdirSync(mkdtempSync(join(folder, ".kit-")));
    return folder;
  } catch {
    const stat = statSync(folder, { throwIfNoEntry: false });
    const found = !stat ? "no folder" : stat.isDirectory() ? "a folder that can't be written" : "a file";
    throw new UsageError(`--out: found ${found} at ${folder}, wanted a folder for the package`);
  }
}

/** The time for the files of the package, in seconds since 1970: SOURCE_DATE_EPOCH, or else now. */
export function epochIn(given: string | undefined): number {
  if (given === undefined) return Math.floor(Date.now() / 1000);
  if (!/^\d{1,10}$/.test(given)) {
    throw new UsageError(`SOURCE_DATE_EPOCH: found ${show(given)}, wanted seconds since 1970`);
  }
  return Number(given);
}
