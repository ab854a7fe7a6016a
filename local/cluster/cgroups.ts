import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * A cluster's control group is the one place that knows all of its processes. We start ours in `daemons`, and the
 * kubelet makes `kubepods` next to it. Cgroup v1 has one tree per controller, v2 a single one.
 */

/** The roots of the control group trees in the text of /proc/self/mountinfo. */
export function cgroupRoots(mountinfo: string): string[] {
  return mountinfo
    .split("\n")
    .filter((line) => / - cgroup2? /.test(line))
    .map((line) => line.split(" ")[4] as string);
}

function trees(cgroup: string): string[] {
  return cgroupRoots(readFileSync("/proc/self/mountinfo", "utf8")).map((root) => join(root, cgroup));
}

/** Makes a cluster's control groups. Returns the folders of the group in which the cluster's daemons are started. */
export function makeCgroups(cgroup: string): string[] {
  return trees(cgroup).map((tree) => {
    delegateControllers(join(tree, ".."));
    const daemons = join(tree, "daemons");
    mkdirSync(daemons, { recursive: true });
    for (const folder of [tree, daemons]) inheritCpuset(folder);
    // A further node's group is inside the cluster's, and gets no more of that than its neighbours.
    if (!cgroup.includes("/")) raiseWeight(tree);
    return daemons;
  });
}

/** Cgroup v2 gives a group only the controllers that its parent delegates, and the kubelet requires all of them. */
function delegateControllers(root: string): void {
  const available = join(root, "cgroup.controllers");
  if (!existsSync(available)) return;
  for (const controller of readFileSync(available, "utf8").split(/\s+/).filter(Boolean)) {
    try {
      writeFileSync(join(root, "cgroup.subtree_control"), `+${controller}`);
    } catch {
      // The kubelet reports a controller that cannot be delegated.
    }
  }
}

/** In cgroup v1 a new cpuset is empty, and no process can be put into it. */
function inheritCpuset(folder: string): void {
  for (const file of ["cpuset.cpus", "cpuset.mems"]) {
    const path = join(folder, file);
    if (!existsSync(path) || existsSync(join(folder, "cgroup.controllers"))) continue;
    if (readFileSync(path, "utf8").trim() === "") writeFileSync(path, readFileSync(join(folder, "..", file), "utf8"));
  }
}

/**
 * Gives a cluster eight times the CPU of another group or process that is as busy. In cgroup v1 it would else have as
 * much as each single process that has no group, as compilers have none, and its pods would lose levels beside them.
 */
function raiseWeight(folder: string): void {
  for (const [file, weight] of [
    ["cpu.shares", 8 * 1024],
    ["cpu.weight", 8 * 100],
  ] as const) {
    const path = join(folder, file);
    if (existsSync(path)) writeFileSync(path, String(weight));
  }
}

function subfolders(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const children = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [...children.flatMap((entry) => subfolders(join(folder, entry.name))), folder];
}

/** Every process of a cluster: its daemons, the pods and the programs that watch over them. */
export function cgroupProcesses(cgroup: string): number[] {
  const pids = new Set<number>();
  for (const folder of trees(cgroup).flatMap(subfolders)) {
    try {
      const list = readFileSync(join(folder, "cgroup.procs"), "utf8");
      for (const pid of list.split("\n").filter(Boolean)) pids.add(Number(pid));
    } catch {
      // The group was removed while we looked.
    }
  }
  return [...pids];
}

/** Kills every process of a cluster and removes its control groups. */
export async function removeCgroups(cgroup: string): Promise<void> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const pids = cgroupProcesses(cgroup);
    for (const pid of pids) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It has ended already.
      }
    }
    const left = trees(cgroup)
      .flatMap(subfolders)
      .filter((folder) => !removed(folder));
    if (left.length === 0) return;
    if (Date.now() > deadline) {
      throw new Error(`${left[0]}: found processes that survive SIGKILL (${pids.join(", ")}), wanted none`);
    }
    await sleep(20);
  }
}

function removed(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch {
    return !existsSync(folder);
  }
}
