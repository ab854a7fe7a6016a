import { createHash } from "node:crypto";
import { cpSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { dirname, join, relative } from "node:path";

/** The files that an image is built from. */
export type BuildContext = {
  /** Path in the context to the file or folder of this machine that is copied there; `.` is the whole context. */
  readonly files: Readonly<Record<string, string>>;
  /** The Dockerfile's path in the context. */
  readonly dockerfile: string;
};

/** The Dockerfile of a context, on this machine. Throws if no entry of the context holds it. */
export function dockerfileOf({ files, dockerfile }: BuildContext): string {
  for (const [path, source] of Object.entries(files)) {
    const inside = relative(path, dockerfile);
    if (!inside.startsWith("..")) return join(source, inside);
  }
  throw new Error(`build context: found no entry that holds ${dockerfile}, wanted one`);
}

/** A hash of everything that a build can see: names, contents, links and whether a file is executable. */
export function contextHash({ files }: BuildContext, base: string): string {
  const hash = createHash("sha256").update(base);
  for (const [path, source] of entries(files)) addTree(hash, path, source);
  return hash.digest("hex");
}

/** The entries, sorted so that a folder comes before the files that are put into it. */
function entries(files: BuildContext["files"]): [string, string][] {
  return Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1));
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

/** Assembles the whole context at `target`. */
export function gatherContext({ files }: BuildContext, target: string): void {
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  for (const [path, source] of entries(files)) {
    mkdirSync(dirname(join(target, path)), { recursive: true });
    cpSync(source, join(target, path), { recursive: true, verbatimSymlinks: true });
  }
}
