import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { run } from "../../local/machine/run.ts";
import type { KitFacts } from "./kitFacts.ts";
import { conffiles, maintainerScripts, packageFiles, programPath } from "./packageFiles.ts";
import { needsOctezSigner } from "./wrapperConfig.ts";

/** The architectures for which there is a package, by Debian's names. `armhf` runs on every Raspberry Pi (ARMv6). */
export const architectures = ["amd64", "arm64", "armhf"] as const;
export type Architecture = (typeof architectures)[number];

/** How a package is built. */
export type Build = {
  readonly architecture: Architecture;
  /** The static program `signer-host`, built for that architecture. */
  readonly program: string;
  /** The project's version. */
  readonly release: string;
  /** The time of every file, in seconds since 1970. The same facts and the same time make the same package. */
  readonly epoch: number;
};

/** The package's version. A later kit is a newer one, whatever the stack has changed. */
function versionOf({ epoch, release }: Pick<Build, "epoch" | "release">): string {
  const time = new Date(epoch * 1000).toISOString().replaceAll(/[-:]|\.\d+Z$/g, "");
  return `${release}+${time.replace("T", ".")}`;
}

/** The package's file name, as apt writes it. */
export function fileName(facts: KitFacts, build: Build): string {
  return `${packageName(facts)}_${versionOf(build)}_${build.architecture}.deb`;
}

function packageName({ signer }: KitFacts): string {
  return `remote-signer-${signer}`;
}

/** Builds the package. The target appears when it is complete. */
export async function buildDebianPackage(facts: KitFacts, build: Build, target: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "kit-"));
  try {
    const tree = join(folder, "tree");
    writeTree(tree, facts, build.program);
    writeControl(tree, facts, build);
    for (const path of pathsIn(tree)) {
      if (lstatSync(path).isDirectory()) chmodSync(path, 0o755);
      lutimesSync(path, build.epoch, build.epoch);
    }
    const built = join(folder, "built.deb");
    // With one thread, because xz's result depends on how many threads the machine's memory allows.
    const words = ["--root-owner-group", "-Zxz", "--threads-max=1", "--build", tree, built];
    await run("dpkg-deb", words, { env: { ...process.env, SOURCE_DATE_EPOCH: String(build.epoch) } });
    copyFileSync(built, `${target}.new`);
    renameSync(`${target}.new`, target);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function writeTree(tree: string, facts: KitFacts, program: string): void {
  for (const [path, file] of packageFiles(facts)) {
    if ("link" in file) symlinkSync(file.link, place(tree, path));
    else write(place(tree, path), file.content, file.isExecutable);
  }
  copyFileSync(program, place(tree, programPath));
  chmodSync(join(tree, programPath), 0o755);
}

function writeControl(tree: string, facts: KitFacts, build: Build): void {
  const files = pathsIn(tree).filter((path) => lstatSync(path).isFile());
  const size = files.reduce((sum, path) => sum + Math.ceil(lstatSync(path).size / 1024), 0);
  const sums = files.map((path) => {
    const sum = createHash("md5").update(readFileSync(path)).digest("hex");
    return `${sum}  ${path.slice(tree.length + 1)}\n`;
  });
  write(place(tree, "DEBIAN/md5sums"), sums.sort().join(""));
  write(place(tree, "DEBIAN/control"), control(facts, build, size));
  write(place(tree, "DEBIAN/conffiles"), `${conffiles.join("\n")}\n`);
  for (const [name, script] of maintainerScripts(facts)) write(place(tree, `DEBIAN/${name}`), script, true);
}

function control(facts: KitFacts, build: Build, kibibytes: number): string {
  const { device, mains, signer, stack } = facts;
  const needsUdev = device.kind === "ledger" || mains !== undefined;
  const depends = ["dbus", "openssh-client (>= 1:8.7)", "systemd (>= 247)", ...(needsUdev ? ["udev"] : [])];
  const daemon = needsOctezSigner(device) ? "the unit of octez-signer, which is not part of it, " : "";
  return `Package: ${packageName(facts)}
Version: ${versionOf(build)}
Architecture: ${build.architecture}
Maintainer: Owner of the stack ${stack} <root@localhost>
Installed-Size: ${kibibytes}
Depends: ${depends.join(", ")}
Recommends: openssh-server
Section: net
Priority: optional
Description: signer host: ${signer} of the remote-signer-cloud stack ${stack}
 What this host needs to sign for the bakers of its stack: the tunnel to the
 signer forwarder, ${daemon}and the wrapper that tells
 the stack how this host and its device are.
`;
}

function place(tree: string, path: string): string {
  mkdirSync(dirname(join(tree, path)), { recursive: true });
  return join(tree, path);
}

function write(path: string, content: string, isExecutable = false): void {
  writeFileSync(path, content);
  chmodSync(path, isExecutable ? 0o755 : 0o644);
}

/** Every file, link and folder of a tree, the innermost first. */
function pathsIn(tree: string): string[] {
  const inner = readdirSync(tree, { withFileTypes: true }).flatMap((entry) => {
    const path = join(tree, entry.name);
    return entry.isDirectory() ? pathsIn(path) : [path];
  });
  return [...inner, tree];
}
