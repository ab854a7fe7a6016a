import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { root } from "../machine/checkout.ts";
import { withLock } from "../machine/machineLock.ts";
import type { Progress } from "../machine/paths.ts";
import { run } from "../machine/run.ts";
import { ensurePackages } from "./debianPackages.ts";

/** From this minor version on, Go fetches the newer toolchain that a go.mod asks for. */
const oldestThatRenewsItself = 21;

/** The toolchain for machines with an older Go. */
const toolchain = "go1.26.8";

/** Settings of each use of Go. The user's own would change a build, and a checkout may have no git data. */
export const goSettings = { GOTOOLCHAIN: "auto", GOFLAGS: "-mod=readonly -buildvcs=false", GOWORK: "off" } as const;

/** The machine that a program is for, in Go's words. `GOARM` is the oldest ARM that runs it. */
export type GoPlatform = { readonly GOOS: string; readonly GOARCH: string; readonly GOARM?: string };

/**
 * Builds a package of the checkout's Go module, `./…`, as a static program. The target appears when it is complete.
 *
 * For another machine than this one the result depends on the sources and the Go toolchain alone, and `variables`
 * gives the linker a value for each name of a text variable, `main.version`.
 */
export async function buildProgram(
  path: string,
  target: string,
  tools: string,
  progress: Progress,
  other?: { readonly platform: GoPlatform; readonly variables: Readonly<Record<string, string>> },
): Promise<void> {
  mkdirSync(dirname(target), { recursive: true });
  const go = await ensureGo(tools, progress);
  const env = { ...process.env, ...goSettings, CGO_ENABLED: "0", ...other?.platform };
  const values = Object.entries(other?.variables ?? {}).map(([name, value]) => `-X ${name}=${value}`);
  const flags = other ? ["-trimpath", "-ldflags", ["-s", "-w", ...values].join(" ")] : [];
  // Beside the target, and of this call alone: two kits may be made at once.
  const folder = mkdtempSync(join(dirname(target), "build-"));
  try {
    const made = join(folder, basename(target));
    await run(go, ["build", ...flags, "-o", made, path], { cwd: root, env });
    renameSync(made, target);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The minor version in the output of `go version`, or undefined if the output is not Go's. */
export function goMinor(version: string): number | undefined {
  const match = /\bgo1\.(\d+)/.exec(version);
  return match ? Number(match[1]) : undefined;
}

/** Returns a Go that can build the tools: the machine's, or a newer one that the machine's fetches as a module. */
export async function ensureGo(folder: string, progress: Progress): Promise<string> {
  const own = join(folder, toolchain, "bin", "go");
  if (existsSync(own)) return own;
  let found = await installedGo();
  if (!found && process.getuid?.() === 0 && existsSync("/usr/bin/apt-get")) {
    await ensurePackages(progress, ["golang-go"]);
    found = await installedGo();
  }
  const wanted = "wanted Go: apt-get install golang-go, or https://go.dev/dl/";
  if (!found) throw new Error(`this machine: found no program go, ${wanted}`);
  const minor = goMinor(found);
  if (minor === undefined)
    throw new Error(`this machine: found a program go that prints ${JSON.stringify(found)}, ${wanted}`);
  if (minor >= oldestThatRenewsItself) return "go";
  progress(`fetching the Go toolchain ${toolchain}: the machine's own is 1.${minor}`);
  // Not the lock of the tools, whose holder asks for a Go.
  return withLock(join(folder, ".go.lock"), "the Go toolchain", progress, async () =>
    existsSync(own) ? own : fetchToolchain(join(folder, toolchain)),
  );
}

function installedGo(): Promise<string | undefined> {
  return run("go", ["version"], { cwd: "/", env: { ...process.env, GOTOOLCHAIN: "local" } }).catch(() => undefined);
}

/** Any Go since 1.11 can fetch a toolchain, which is an ordinary module, but an old one does not know how to run it. */
async function fetchToolchain(target: string): Promise<string> {
  const platform = `${process.platform}-${process.arch === "x64" ? "amd64" : process.arch}`;
  const module = `golang.org/toolchain@v0.0.1-${toolchain}.${platform}`;
  const env = { ...process.env, GO111MODULE: "on", GOFLAGS: "" };
  const answer = JSON.parse(await run("go", ["mod", "download", "-json", module], { cwd: "/", env })) as {
    Dir: string;
  };
  const temporary = `${target}.new`;
  rmSync(temporary, { recursive: true, force: true });
  cpSync(answer.Dir, temporary, { recursive: true });
  // The module cache is read-only and does not keep the executable bits.
  await run("chmod", ["-R", "u+w", temporary]);
  const tool = join(temporary, "pkg", "tool");
  const programs = readdirSync(tool).map((name) => join(tool, name));
  for (const programFolder of [join(temporary, "bin"), ...programs]) {
    for (const name of readdirSync(programFolder)) chmodSync(join(programFolder, name), 0o755);
  }
  renameSync(temporary, target);
  return join(target, "bin", "go");
}
