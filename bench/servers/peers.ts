import { existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isOnPath } from "../../infra/facts/onPath.ts";
import { withLock } from "../../local/machine/machineLock.ts";
import { type Progress, stateFolder } from "../../local/machine/paths.ts";
import { run } from "../../local/machine/run.ts";

/** Tunnel programs of other projects on crates.io: the crate, its version and its build options. */
const crates = {
  // Without --locked, because its lock file has a version of `time` that Rust does not compile since 1.80.
  rathole: { crate: "rathole", version: "0.5.0", options: ["--no-default-features", "--features=server,client,noise"] },
  bore: { crate: "bore-cli", version: "0.6.0", options: ["--locked"] },
} as const;
export type Peer = keyof typeof crates;

/** The peers' versions, for the results. */
export const peerVersions: Record<Peer, string> = { rathole: crates.rathole.version, bore: crates.bore.version };

/**
 * Returns the program of a peer, which is built once on this machine.
 * Without Rust's cargo, or if the build fails, it reports the reason and returns undefined.
 */
export async function ensurePeer(peer: Peer, progress: Progress): Promise<string | undefined> {
  const { crate, version, options } = crates[peer];
  const folder = join(stateFolder, "peers", `${crate}-${version}`);
  const program = join(folder, "bin", peer);
  if (existsSync(program)) return program;
  if (!isOnPath("cargo")) {
    progress(`${peer} is left out: found no program cargo, wanted Rust: https://rustup.rs`);
    return undefined;
  }
  return withLock(join(stateFolder, "peers", ".lock"), peer, progress, async () => {
    if (existsSync(program)) return program;
    progress(`building ${peer} ${version} from crates.io (once, some minutes)`);
    const temporary = `${folder}.new`;
    rmSync(temporary, { recursive: true, force: true });
    try {
      await run("cargo", ["install", "--version", version, "--root", temporary, ...options, crate], { cwd: "/" });
    } catch (error) {
      progress(`${peer} is left out: ${(error as Error).message}`);
      return undefined;
    }
    renameSync(temporary, folder);
    return program;
  });
}
