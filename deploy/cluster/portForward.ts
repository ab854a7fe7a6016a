import { spawn } from "node:child_process";
import { lastLines } from "../../local/machine/run.ts";

/** A `kubectl port-forward` that runs. */
export type PortForward = {
  /** The port of 127.0.0.1 that leads to the pod's. */
  readonly port: number;
  /** What kubectl has said since it listens, such as why a connection failed. */
  said(): string;
  /** Ends it, and waits until it is gone. */
  close(): Promise<void>;
};

/** How long kubectl may take until it listens. */
const limitMs = 30_000;

/**
 * Starts `kubectl port-forward`, and waits until it listens.
 *
 * It gets no Ctrl-C of the terminal, which is meant for the program that uses the port. Throws an Error with kubectl's
 * words if it ends first.
 */
export async function openPortForward([kubectl, words]: [string, string[]]): Promise<PortForward> {
  const child = spawn(kubectl, words, { stdio: ["ignore", "pipe", "pipe"], detached: true });
  const ended = new Promise<void>((resolve) => child.on("close", () => resolve()));
  let problems = "";
  child.stderr.on("data", (chunk) => {
    problems += chunk;
  });
  const close = async (): Promise<void> => {
    child.kill();
    await ended;
  };
  let output = "";
  let timer: NodeJS.Timeout | undefined;
  const listens = new Promise<number>((resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`found no port after ${limitMs / 1000} s`)), limitMs);
    child.stdout.on("data", (chunk) => {
      output += chunk;
      const [, port] = /^Forwarding from 127\.0\.0\.1:(\d+) -> /m.exec(output) ?? [];
      if (port !== undefined) resolve(Number(port));
    });
    child.on("error", reject);
    child.on("close", () => reject(new Error(`it ended\n${lastLines(problems)}`)));
  });
  try {
    const port = await listens;
    problems = "";
    return { port, said: () => problems.trim(), close };
  } catch (error) {
    child.kill();
    throw new Error(`kubectl port-forward: ${(error as Error).message}`);
  } finally {
    clearTimeout(timer);
  }
}
