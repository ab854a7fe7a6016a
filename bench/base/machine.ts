import { readFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { join } from "node:path";
import { root } from "../../local/machine/checkout.ts";
import { run } from "../../local/machine/run.ts";

/** The machine and the source of a run. */
export type Machine = {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly system: string;
  readonly node: string;
  /** The checkout's commit, with a plus if it has changes. */
  readonly commit: string;
};

/** Describes this machine and this checkout. */
export async function describeMachine(): Promise<Machine> {
  const git = (...words: string[]): Promise<string> => run("git", words, { cwd: root }).catch(() => "");
  const commit = (await git("rev-parse", "--short=12", "HEAD")).trim() || "none";
  const changed =
    (await git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!bench/results*")).trim() !== "";
  return {
    processor: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    system: /^PRETTY_NAME="(.*)"/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? "unknown",
    node: process.version,
    commit: changed ? `${commit}+` : commit,
  };
}

/** The version of Kubernetes that tools/ pins. */
export function kubernetesVersion(): string {
  const goMod = readFileSync(join(root, "tools/cluster/go.mod"), "utf8");
  return /k8s\.io\/kubernetes (v\S+)/.exec(goMod)?.[1] ?? "unknown";
}
