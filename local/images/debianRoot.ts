import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { withLock } from "../machine/machineLock.ts";
import { type Progress, runFolder, stateFolder } from "../machine/paths.ts";
import { run } from "../machine/run.ts";
import { ensurePackages } from "../toolchain/debianPackages.ts";
import { machineMirrors, sourceLines, withoutDocumentation } from "./debianBase.ts";

/** The releases of Debian that signer hosts have: 12 and 13. */
export const hostReleases = ["bookworm", "trixie"] as const;
export type HostRelease = (typeof hostReleases)[number];

const folder = join(stateFolder, "debian-roots");

/** What every Debian on a host has that boots, and a signer's package depends on. */
const packages = ["dbus", "iproute2", "openssh-client", "openssh-server", "systemd-sysv", "udev"];

/**
 * The root file system of a Debian that can boot, made from Debian's packages once for each machine. Copy it: it is shared.
 */
export async function debianRoot(release: HostRelease, progress: Progress): Promise<string> {
  const words = [
    "--mode=root",
    "--variant=minbase",
    "--format=directory",
    `--include=${packages.join(",")}`,
    ...withoutDocumentation,
  ];
  const sources = sourceLines(machineMirrors(), release);
  const hash = createHash("sha256")
    .update([...words, ...sources].join("\n"))
    .digest("hex");
  const root = join(folder, `${release}-${hash.slice(0, 12)}`);
  if (existsSync(root)) return root;
  return withLock(join(runFolder, "debian-roots.lock"), "debian-roots", progress, async () => {
    if (existsSync(root)) return root;
    await ensurePackages(progress, ["debian-archive-keyring", "mmdebstrap"]);
    progress(`making a root of Debian ${release} from its packages (once, about a minute)`);
    mkdirSync(folder, { recursive: true });
    for (const name of readdirSync(folder)) {
      if (name.startsWith(`${release}-`)) rmSync(join(folder, name), { recursive: true });
    }
    await run("mmdebstrap", [...words, release, `${root}.new`, ...sources]);
    renameSync(`${root}.new`, root);
    return root;
  });
}
