import { existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isOnPath } from "../../infra/facts/onPath.ts";
import { withLock } from "../../local/machine/machineLock.ts";
import { type Progress, stateFolder } from "../../local/machine/paths.ts";
import { run } from "../../local/machine/run.ts";

/** Tunnels of other projects, as crates.io has them: the crate, its version, and how it is built. */
const crates = {
  // Not with the versions of its lock file: that has a `time` which Rust since 1.80 does not compile.
  rathole: { crate: "rathole", version: "0.5.0", options: ["--no-default-features", "--features=server,client,noise"] },
  bore: { crate: "bore-cli", version: "0.6.0", options: ["--locked"] },
} as const;
export type Peer = keyof typeof crates;

/** The peers' versions, for the record. */
export const peerVersions: Record<Peer, string> = { rathole: crates.rathole.version, bore: crates.bore.version };

/** Gives the program of a peer, built once on this machine; without Rust's cargo it says why not, and gives none. */
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
