import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { basename } from "node:path";
import { type Background, start } from "../../testbed/background.ts";

/** A command: a program and its arguments. */
export type Words = readonly string[];

/** Starts a program that the kernel ends when this process ends, even if it is killed. */
export function startWithUs(words: Words): Background {
  return start("setpriv", ["--pdeathsig", "TERM", "--", ...words]);
}

/** Starts a program and waits until its output matches `said`. */
export async function startSaying(words: Words, said: RegExp, seconds = 10): Promise<Background> {
  const program = startWithUs(words);
  const end = Date.now() + seconds * 1000;
  while (!said.test(program.output())) {
    const ended = program.child.exitCode !== null || program.child.signalCode !== null;
    if (ended || Date.now() > end) {
      await program.stop();
      const how = ended ? "ended" : `said nothing of the kind within ${seconds} s`;
      throw new Error(`${words.join(" ")}: ${how}, wanted ${said}\n${program.output()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return program;
}

/** A process and its descendants, without those that have ended. */
export function family(pid: number): number[] {
  let children: string;
  try {
    children = readdirSync(`/proc/${pid}/task`)
      .map((task) => readFileSync(`/proc/${pid}/task/${task}/children`, "utf8"))
      .join(" ");
  } catch {
    return [];
  }
  return [pid, ...children.split(/\s+/).filter(Boolean).map(Number).flatMap(family)];
}

/** The processes of the cgroups whose name contains a text. A pod's cgroups contain its uid. */
export function processesIn(cgroup: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cgroup`, "utf8").includes(cgroup);
      } catch {
        return false;
      }
    })
    .map(Number);
}

/** The memory of some processes in MiB: their private memory, and their share of the shared memory (PSS). */
export function memoryOf(pids: readonly number[]): number {
  const kib = pids.map((pid) => {
    try {
      return Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1] ?? 0);
    } catch {
      return 0;
    }
  });
  return kib.reduce((sum, each) => sum + each, 0) / 1024;
}

/** Those of some processes whose program's file has this name. */
export function runningProgram(name: string, pids: readonly number[]): number[] {
  return pids.filter((pid) => {
    try {
      return basename(readlinkSync(`/proc/${pid}/exe`)) === name;
    } catch {
      return false;
    }
  });
}

/** Whether anything listens on a loopback port in a process's network namespace. */
export function isListening(pid: number, port: number): boolean {
  const wanted = port.toString(16).toUpperCase().padStart(4, "0");
  const listening = "0A";
  return readFileSync(`/proc/${pid}/net/tcp`, "utf8")
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .some(([, local = "", , state]) => state === listening && local === `0100007F:${wanted}`);
}
