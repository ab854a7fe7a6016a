import { createHash } from "node:crypto";
import { cpSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";

/** The files that an image is built from: a folder with its Dockerfile, and files from elsewhere put into it. */
export interface BuildContext {
  readonly dir: string;
  /** Path in the context to the file or folder that is copied there. */
  readonly extra: Readonly<Record<string, string>>;
}

/** A hash of all that a build can see: names, contents, links and whether a file is executable. */
export function contextHash(context: BuildContext, base: string): string {
  const hash = createHash("sha256").update(base);
  addTree(hash, ".", context.dir);
  for (const [path, source] of Object.entries(context.extra).sort(([a], [b]) => (a < b ? -1 : 1))) {
    addTree(hash, path, source);
  }
  return hash.digest("hex");
}

function addTree(hash: ReturnType<typeof createHash>, path: string, source: string): void {
  const stat = lstatSync(source);
  if (stat.isDirectory()) {
    hash.update(`folder ${path}\0`);
    for (const name of readdirSync(source).sort()) addTree(hash, `${path}/${name}`, join(source, name));
  } else if (stat.isSymbolicLink()) {
    hash.update(`link ${path}\0${readlinkSync(source)}\0`);
  } else {
    hash.update(`file ${path}\0${stat.mode & 0o111 ? "x" : "-"}\0${stat.size}\0`);
    hash.update(readFileSync(source));
  }
}

/** Gives the folder that holds the whole context, which is made at `target` unless it is one folder already. */
export function gatherContext(context: BuildContext, target: string): string {
  rmSync(target, { recursive: true, force: true });
  if (Object.keys(context.extra).length === 0) return context.dir;
  cpSync(context.dir, target, { recursive: true, verbatimSymlinks: true });
  for (const [path, source] of Object.entries(context.extra)) {
    mkdirSync(dirname(join(target, path)), { recursive: true });
    cpSync(source, join(target, path), { recursive: true, verbatimSymlinks: true });
  }
  return target;
}
