import { existsSync } from "node:fs";
import { join } from "node:path";
import { runFolder, stateFolder } from "../machine/paths.ts";
import { run } from "../machine/run.ts";

/** Runs buildah with a separate store, which keeps our images apart from the user's. */
export function buildah(args: readonly string[]): Promise<string> {
  const store = ["--root", join(stateFolder, "buildah"), "--runroot", join(runFolder, "buildah")];
  // vfs works on any file system, even inside a container.
  return run("buildah", ["--storage-driver", "vfs", ...store, ...args]);
}

/** The folder in which Debian keeps the certificate authorities that a machine trusts. The bundle holds all of them. */
const trustFolder = "/etc/ssl/certs";
const bundle = "ca-certificates.crt";

/**
 * The options that pass this machine's certificate authorities and the source of its Go modules to a build. The machine
 * may be behind a company's proxy. A Dockerfile that uses one of these settings declares it with ARG.
 */
export function machineOptions(env: Readonly<Record<string, string | undefined>>, trusted = trustFolder): string[] {
  const settings: Record<string, string | undefined> = {};
  for (const name of ["GOPROXY", "GONOSUMDB", "GOFLAGS"]) settings[name] = env[name];
  const options: string[] = [];
  if (existsSync(join(trusted, bundle))) {
    // Every image has this folder, and it is empty, so a mount leaves no trace there.
    options.push("--volume", `${trusted}:/mnt:ro`);
    settings.SSL_CERT_FILE = `/mnt/${bundle}`;
  }
  for (const [name, value] of Object.entries(settings)) if (value) options.push("--build-arg", `${name}=${value}`);
  return options;
}
