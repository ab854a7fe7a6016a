import { join } from "node:path";
import { withLock } from "../machine/machineLock.ts";
import { type Progress, runFolder } from "../machine/paths.ts";
import { run } from "../machine/run.ts";

/** The Debian packages that the local cluster and its images need. */
const clusterPackages = [
  "buildah",
  "ca-certificates",
  // A static program that only waits. It holds a pod's namespaces.
  "catatonit",
  "containerd",
  "containernetworking-plugins",
  "debian-archive-keyring",
  "iproute2",
  // Its sets hold the addresses that network policies apply to.
  "ipset",
  "iptables",
  "mmdebstrap",
  "mount",
  // Debian 13's buildah only recommends it, but cannot build anything without it.
  "netavark",
  "openssh-client",
  "openssl",
  "runc",
  "util-linux",
];

/** The packages missing from a listing by dpkg-query, which has a line `name TAB status TAB provides` per package. */
export function missingPackages(wanted: readonly string[], listing: string): string[] {
  const present = new Set<string>();
  for (const line of listing.split("\n")) {
    const [name = "", status, provides = ""] = line.split("\t");
    if (status !== "installed") continue;
    present.add(name);
    // For example, Docker's own containerd.io provides containerd and runc.
    for (const provided of provides.split(",")) present.add(provided.trim().split(" ")[0] ?? "");
  }
  return wanted.filter((name) => !present.has(name));
}

/** Installs the packages that this machine lacks. Throws an Error that lists them if it cannot. */
export async function ensurePackages(progress: Progress, wanted: readonly string[] = clusterPackages): Promise<void> {
  const missing = await missingHere(wanted);
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0) {
    throw new Error(
      `this machine: found no package ${missing.join(", ")}; install them as root: apt-get ${install(missing).join(" ")}`,
    );
  }
  // Two at a time would fail: apt-get ends if another one works.
  await withLock(join(runFolder, "apt.lock"), "Debian packages", progress, async () => {
    const still = await missingHere(wanted);
    if (still.length === 0) return;
    progress(`installing Debian packages: apt-get ${install(still).join(" ")}`);
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    // One of the user's sources may be unreachable but not needed. The installation shows whether it is.
    await run("apt-get", ["update"], { env }).catch((error: Error) => progress(error.message));
    await run("apt-get", install(still), { env });
  });
}

/** The words of apt-get. It never removes another package, such as a user's Docker. */
const install = (packages: readonly string[]): string[] => [
  "install",
  "--yes",
  "--no-install-recommends",
  "--no-remove",
  ...packages,
];

async function missingHere(wanted: readonly string[]): Promise<string[]> {
  let listing: string;
  try {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: these are dpkg-query's own placeholders.
    listing = await run("dpkg-query", ["--show", "--showformat=${Package}\\t${db:Status-Status}\\t${Provides}\\n"]);
  } catch {
    throw new Error(`this machine: found no dpkg-query, wanted Debian with the packages ${wanted.join(" ")}`);
  }
  return missingPackages(wanted, listing);
}
