import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { withLock } from "../machine/machineLock.ts";
import { type Progress, runFolder, stateFolder } from "../machine/paths.ts";
import { run } from "../machine/run.ts";
import { ensurePackages } from "../toolchain/debianPackages.ts";
import { buildah, machineOptions } from "./buildah.ts";
import { type BuildContext, contextHash, dockerfileOf, gatherContext } from "./buildContext.ts";
import { baseIdentity, ensureBase, startsFromBase } from "./debianBase.ts";

/** A built image, ready to be loaded. */
export type Image = {
  /** The full name, registry included, as Kubernetes sees it. */
  readonly tag: string;
  readonly archive: string;
  /** The digest of its manifest. */
  readonly digest: string;
};

const folder = join(stateFolder, "images");

/** The full form of an image's name, as every container runtime completes it. */
export function fullName(tag: string): string {
  const [first = "", ...rest] = tag.split("/");
  const named = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
  const withRegistry = named ? tag : `docker.io/${rest.length > 0 ? "" : "library/"}${tag}`;
  return /:[^/]+$/.test(withRegistry) ? withRegistry : `${withRegistry}:latest`;
}

/** The name of an image's archive. All archives of one tag share a prefix. */
export function archiveName(tag: string, hash: string): string {
  return `${fullName(tag).replaceAll(/[^A-Za-z0-9.-]/g, "_")}@${hash.slice(0, 16)}`;
}

/** Builds an image unless nothing in its context has changed since it was last built under that tag. */
export async function ensureImage(context: BuildContext, tag: string, progress: Progress): Promise<Image> {
  const dockerfile = dockerfileOf(context);
  const onBase = startsFromBase(readFileSync(dockerfile, "utf8"));
  const name = archiveName(tag, contextHash(context, onBase ? baseIdentity() : ""));
  const archive = join(folder, `${name}.tar`);
  const built = (): Image | undefined =>
    existsSync(archive)
      ? { tag: fullName(tag), archive, digest: readFileSync(join(folder, `${name}.digest`), "utf8").trim() }
      : undefined;
  const before = built();
  if (before) return before;
  return withLock(join(runFolder, "images.lock"), "images", progress, async () => {
    const meanwhile = built();
    if (meanwhile) return meanwhile;
    await ensurePackages(progress);
    if (onBase) await ensureBase(progress);
    progress(`building the image ${tag} from ${dockerfile}`);
    mkdirSync(folder, { recursive: true });
    const gathered = join(folder, "context");
    gatherContext(context, gathered);
    await build(gathered, context.dockerfile, fullName(tag), name);
    rmSync(gathered, { recursive: true, force: true });
    const prefix = archiveName(tag, "");
    for (const file of readdirSync(folder)) {
      if (file.startsWith(prefix) && !file.startsWith(name)) rmSync(join(folder, file));
    }
    return built() as Image;
  });
}

async function build(context: string, dockerfile: string, tag: string, name: string): Promise<void> {
  const temporary = join(folder, `${name}.new`);
  rmSync(temporary, { force: true });
  const local = "localhost/remote-signer-cloud-build";
  // We hold the lock, so anything here was left by an interrupted build.
  await buildah(["rm", "--all"]);
  await buildah(["rmi", "--prune"]);
  const options = ["--isolation=chroot", "--layers=false", "--timestamp=0", ...machineOptions(process.env)];
  await buildah(["bud", ...options, "--file", join(context, dockerfile), "--tag", local, context]);
  try {
    await buildah(["push", "--digestfile", join(folder, `${name}.digest`), local, `oci-archive:${temporary}:${tag}`]);
  } finally {
    await buildah(["rmi", local]);
  }
  renameSync(temporary, join(folder, `${name}.tar`));
}

/** Loads an image into a node, unless the node has that very image under its tag. Returns whether it did. */
export async function loadImage(
  node: { readonly name: string; readonly containerdSocket: string },
  image: Image,
  progress: Progress,
): Promise<boolean> {
  const ctr = (...args: string[]): Promise<string> =>
    run("ctr", ["--address", node.containerdSocket, "--namespace", "k8s.io", "images", ...args]);
  const rows = await ctr("list", `name==${image.tag}`);
  if (rows.split("\n").some((row) => row.split(/\s+/).includes(image.digest))) return false;
  progress(`loading the image ${image.tag} into the node ${node.name}`);
  await ctr("import", image.archive);
  return true;
}
