import { join } from "node:path";
import { root } from "../../local/machine/checkout.ts";
import type { Progress } from "../../local/machine/paths.ts";
import { buildProgram, type GoPlatform } from "../../local/toolchain/go.ts";
import { toolsFolder } from "../../local/toolchain/tools.ts";
import type { Architecture } from "../../signer-host/package/debianPackage.ts";

/** Debian's architectures in Go's words. The first Raspberry Pis, and the Zero W, are ARMv6. */
const platforms: Readonly<Record<Architecture, GoPlatform>> = {
  amd64: { GOOS: "linux", GOARCH: "amd64" },
  arm64: { GOOS: "linux", GOARCH: "arm64" },
  armhf: { GOOS: "linux", GOARCH: "arm", GOARM: "6" },
};

/** Builds the program of the signer host for an architecture, and returns its path. */
export async function buildSignerHost(
  architecture: Architecture,
  release: string,
  progress: Progress,
): Promise<string> {
  const target = join(root, ".local", "kit", `signer-host-${architecture}`);
  progress(`building signer-host for ${architecture}`);
  const other = { platform: platforms[architecture], variables: { "main.version": release } };
  await buildProgram("./signer-host/wrapper", target, toolsFolder(), progress, other);
  return target;
}
