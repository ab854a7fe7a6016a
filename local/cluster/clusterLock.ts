import { join } from "node:path";
import { withLock } from "../machine/machineLock.ts";
import { type Progress, runFolder } from "../machine/paths.ts";
import type { Layout } from "./layout.ts";

/** Does some work on a cluster while nobody else works on it. */
export function withClusterLock<T>({ name }: Layout, progress: Progress, work: () => Promise<T>): Promise<T> {
  return withLock(join(runFolder, `${name}.lock`), `the local cluster ${name}`, progress, work);
}
