import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Progress, stateFolder } from "../machine/paths.ts";
import { run } from "../machine/run.ts";
import { buildah } from "./buildah.ts";

/** The image that our Dockerfiles start from. We build it from Debian's packages: registries may be out of reach. */
const baseImage = "docker.io/library/debian:trixie-slim";
const suite = "trixie";

/** Where this machine gets Debian from. */
export type Mirrors = {
  readonly main: string;
  readonly security: string;
};

/** Finds the mirrors in the texts of apt's source files. A mirror that they do not name defaults to Debian's own. */
export function debianMirrors(sources: readonly string[]): Mirrors {
  const addresses = sources
    .flatMap((text) => text.split("\n"))
    .filter((line) => /^\s*(deb\s|URIs:)/.test(line))
    .flatMap((line) => line.split(/\s+/))
    .filter((word) => /^https?:\/\//.test(word))
    .map((address) => address.replace(/\/+$/, ""));
  return {
    main: addresses.find((address) => address.endsWith("/debian")) ?? "http://deb.debian.org/debian",
    security:
      addresses.find((address) => address.endsWith("/debian-security")) ?? "http://deb.debian.org/debian-security",
  };
}

/** The mirrors that this machine's apt uses. */
export function machineMirrors(): Mirrors {
  const folder = "/etc/apt/sources.list.d";
  const files = existsSync(folder) ? readdirSync(folder).map((file) => join(folder, file)) : [];
  const texts = ["/etc/apt/sources.list", ...files]
    .filter((file) => /\.(list|sources)$/.test(file) && existsSync(file))
    .map((file) => readFileSync(file, "utf8"));
  return debianMirrors(texts);
}

/** Leaves out what only people read, except the licences. */
export const withoutDocumentation = [
  ...["doc", "man", "locale", "info", "lintian"].map((folder) => `--dpkgopt=path-exclude=/usr/share/${folder}/*`),
  "--dpkgopt=path-include=/usr/share/doc/*/copyright",
];

/** The lines of apt's sources for a release of Debian, with its security updates. */
export function sourceLines({ main, security }: Mirrors, release: string): string[] {
  return [
    `deb ${main} ${release} main`,
    `deb ${main} ${release}-updates main`,
    `deb ${security} ${release}-security main`,
  ];
}

/** The arguments for mmdebstrap, without the target. They also serve as the base's identity. */
export function bootstrapArguments(mirrors: Mirrors): string[] {
  // As in the registry's image: a package that a build installs must not start its service.
  const noServices =
    'printf "#!/bin/sh\\nexit 101\\n" > "$1/usr/sbin/policy-rc.d" && chmod 755 "$1/usr/sbin/policy-rc.d"';
  return [
    "--mode=root",
    "--variant=minbase",
    "--format=tar",
    ...withoutDocumentation,
    `--customize-hook=${noServices}`,
    suite,
    "-",
    ...sourceLines(mirrors, suite),
  ];
}

/** Whether a Dockerfile starts from the base. */
export function startsFromBase(dockerfile: string): boolean {
  return dockerfile.split("\n").some((line) => /^\s*FROM\s/i.test(line) && line.split(/\s+/).includes(baseImage));
}

export function baseIdentity(): string {
  return createHash("sha256").update(bootstrapArguments(machineMirrors()).join("\n")).digest("hex");
}

const label = "remote-signer-cloud.base";

/** Builds the base image unless the builder already has it. */
export async function ensureBase(progress: Progress): Promise<void> {
  const mirrors = machineMirrors();
  const identity = baseIdentity();
  const inspect = ["inspect", "--type", "image", "--format", `{{index .OCIv1.Config.Labels "${label}"}}`, baseImage];
  const found = await buildah(inspect).catch(() => "");
  if (found.trim() === identity) return;
  progress(`making the image ${baseImage} from Debian's packages (once, about a minute)`);
  const folder = join(stateFolder, "images", "base");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const tar = join(folder, "base.tar");
  await run(
    "mmdebstrap",
    bootstrapArguments(mirrors).map((argument) => (argument === "-" ? tar : argument)),
  );
  const lines = ["FROM scratch", "ADD base.tar /", `LABEL ${label}=${identity}`, 'CMD ["bash"]', ""];
  writeFileSync(join(folder, "Dockerfile"), lines.join("\n"));
  await buildah(["bud", "--isolation=chroot", "--tag", baseImage, folder]);
  rmSync(folder, { recursive: true });
}
