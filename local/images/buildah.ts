import { existsSync } from "node:fs";
import { join } from "node:path";
import { runFolder, stateFolder } from "../machine/paths.ts";
import { run } from "../machine/run.ts";

/** Runs buildah with a store of its own, so that the user's images stay apart. */
export function buildah(args: readonly string[]): Promise<string> {
  const store = ["--root", join(stateFolder, "buildah"), "--runroot", join(runFolder, "buildah")];
  // vfs works on any file system, in a container too.
  return run("buildah", ["--storage-driver", "vfs", ...store, ...args]);
}

/** Where Debian keeps the authorities that a machine trusts; the bundle in it has them all. */
const trustFolder = "/etc/ssl/certs";
const bundle = "ca-certificates.crt";

/**
 * What a build gets of this machine, which may be behind a company's proxy: the authorities that it trusts, and where its Go
 * modules come from. A Dockerfile that has a use for one of these names it by ARG.
 */
export function machineOptions(env: Readonly<Record<string, string | undefined>>, trusted = trustFolder): string[] {
  const settings: Record<string, string | undefined> = {};
  for (const name of ["GOPROXY", "GONOSUMDB", "GOFLAGS"]) settings[name] = env[name];
  const options: string[] = [];
  if (existsSync(join(trusted, bundle))) {
    // A folder that every image has, and that is empty: a mount leaves no trace there.
    options.push("--volume", `${trusted}:/mnt:ro`);
    settings.SSL_CERT_FILE = `/mnt/${bundle}`;
  }
  for (const [name, value] of Object.entries(settings)) if (value) options.push("--build-arg", `${name}=${value}`);
  return options;
}
