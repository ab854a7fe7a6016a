import type { Progress } from "../machine/paths.ts";
import { run } from "../machine/run.ts";

/** The Debian packages that the local cluster and its images need. */
const clusterPackages = [
  "buildah",
  "ca-certificates",
  // A static program that only waits: what holds a pod's namespaces.
  "catatonit",
  "containerd",
  "containernetworking-plugins",
  "debian-archive-keyring",
  "iproute2",
  // Its sets hold the addresses that network policies are about.
  "ipset",
  "iptables",
  "mmdebstrap",
  "mount",
  // Debian 13's buildah only recommends it, and builds nothing without it.
  "netavark",
  "openssh-client",
  "openssl",
  "runc",
  "util-linux",
];

/** The packages not in the output of dpkg-query, by a line `name TAB status TAB provides` for each package. */
export function missingPackages(wanted: readonly string[], listing: string): string[] {
  const present = new Set<string>();
  for (const line of listing.split("\n")) {
    const [name = "", status, provides = ""] = line.split("\t");
    if (status !== "installed") continue;
    present.add(name);
    // Docker's own containerd.io, for one, stands for containerd and runc.
    for (const provided of provides.split(",")) present.add(provided.trim().split(" ")[0] ?? "");
  }
  return wanted.filter((name) => !present.has(name));
}

/** Installs what this machine lacks of some packages, or says what that is. */
export async function ensurePackages(progress: Progress, wanted: readonly string[] = clusterPackages): Promise<void> {
  let listing: string;
  try {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: these are dpkg-query's own placeholders.
    listing = await run("dpkg-query", ["--show", "--showformat=${Package}\\t${db:Status-Status}\\t${Provides}\\n"]);
  } catch {
    throw new Error(`this machine: found no dpkg-query, wanted Debian with the packages ${wanted.join(" ")}`);
  }
  const missing = missingPackages(wanted, listing);
  if (missing.length === 0) return;
  // Never at the price of another package: a user's Docker, say.
  const install = ["install", "--yes", "--no-install-recommends", "--no-remove", ...missing];
  if (process.getuid?.() !== 0) {
    throw new Error(
      `this machine: found no package ${missing.join(", ")}; install them as root: apt-get ${install.join(" ")}`,
    );
  }
  progress(`installing Debian packages: apt-get ${install.join(" ")}`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  // One unreachable source of the user's may be of no concern: the installation tells.
  await run("apt-get", ["update"], { env }).catch((error: Error) => progress(error.message));
  await run("apt-get", install, { env });
}
