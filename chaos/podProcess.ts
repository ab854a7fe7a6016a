import { readdirSync, readFileSync } from "node:fs";
import { testCluster } from "../testbed/testCluster.ts";

/** The processes of a pod of the test cluster, of a program whose command line matches. The lowest pid is first. */
export function podProcesses(pod: string, command: RegExp): number[] {
  const numbers = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const isThere = (pid: string): boolean => {
    try {
      const read = (file: string): string => readFileSync(`/proc/${pid}/${file}`, "utf8");
      if (!read("cgroup").includes(`/${testCluster.cgroup}/`)) return false;
      // A container's host name is its pod's name.
      if (!read("environ").split("\0").includes(`HOSTNAME=${pod}`)) return false;
      return command.test(read("cmdline").replaceAll("\0", " ").trim());
    } catch {
      // It has ended meanwhile.
      return false;
    }
  };
  return numbers
    .filter(isThere)
    .map(Number)
    .sort((a, b) => a - b);
}

/** The first process of a program in a pod. Throws if there is none. */
export function podProcess(pod: string, command: RegExp): number {
  const [pid] = podProcesses(pod, command);
  if (pid === undefined) throw new Error(`pod ${pod}: found no process with ${command} in its command, wanted one`);
  return pid;
}
