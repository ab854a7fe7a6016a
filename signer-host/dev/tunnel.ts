import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { confirmedForward, type Ending, endingOf, isChatter } from "./sshLog.ts";

/** `dialling` lasts from one call's end to the next one's success. `failed` is why the last call ended, if any. */
export type TunnelState =
  | { readonly is: "dialling"; readonly attempt: number; readonly failed?: Ending }
  | { readonly is: "connected" };

export type TunnelOptions = {
  /**
   * The commands that run `ssh -v`, program and arguments: one for each port of the forwarder, in the order in which
   * they are tried. After a call that ended before it was connected, the next call takes the next command.
   */
  readonly commands: readonly (readonly string[])[];
  /** The remote ports that must be confirmed before the tunnel counts as connected. */
  readonly ports: readonly number[];
  readonly onState: (state: TunnelState) => void;
  /** Ends the call and stops redialling. */
  readonly signal: AbortSignal;
};

/** The limit from ssh's start to the last confirmed forward. ssh's ConnectTimeout ends at the forwarder's greeting. */
const dialTimeoutMs = 30_000;

/**
 * Keeps a tunnel up until the signal. Redials a second after each end, give or take a fifth, so that a hundred signers
 * do not dial in step. The pause never grows, because a baker loses a level every 6 s.
 */
export async function keepTunnel({ commands, ports, onState, signal }: TunnelOptions): Promise<void> {
  let attempt = 1;
  let turn = 0;
  onState({ is: "dialling", attempt });
  while (!signal.aborted) {
    let connected = false;
    const failed = await call(commands[turn % commands.length], ports, signal, () => {
      attempt = 0;
      connected = true;
      onState({ is: "connected" });
    });
    if (!connected) turn += 1;
    if (!signal.aborted) {
      attempt += 1;
      onState({ is: "dialling", attempt, failed });
      await sleep(800 + Math.random() * 400, undefined, { signal }).catch(() => {});
    }
  }
}

/** One run of ssh, from its start to its end. */
async function call(
  [program = "ssh", ...args]: readonly string[] = [],
  ports: readonly number[],
  signal: AbortSignal,
  onConnected: () => void,
): Promise<Ending> {
  const ssh = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, LC_ALL: "C" } });
  const ended = endOf(ssh);
  const stop = () => stopGently(ssh);
  signal.addEventListener("abort", stop);
  let overdue = false;
  const timer = setTimeout(() => {
    overdue = true;
    stop();
  }, dialTimeoutMs);

  const missing = new Set(ports);
  const lines: string[] = [];
  createInterface(ssh.stderr).on("line", (line) => {
    const port = confirmedForward(line);
    if (port !== undefined && missing.delete(port) && missing.size === 0) {
      clearTimeout(timer);
      lines.length = 0;
      onConnected();
    } else if (!isChatter(line)) {
      lines.push(line);
      lines.splice(0, lines.length - 50);
    }
  });

  const { code, signal: endSignal, error } = await ended;
  clearTimeout(timer);
  signal.removeEventListener("abort", stop);
  if (error !== undefined) {
    return { refused: false, reason: error.message };
  }
  return overdue
    ? { refused: false, reason: `no tunnel within ${dialTimeoutMs / 1000} s` }
    : endingOf(lines, code, endSignal);
}

type End = {
  readonly code: number | null;
  readonly signal: string | null;
  readonly error?: Error;
};

/** Waits for `close` and not for `exit`, because by then every line has been read. */
function endOf(child: ChildProcess): Promise<End> {
  return new Promise((resolve) => {
    child.on("error", (error) => resolve({ code: null, signal: null, error }));
    child.on("close", (code, signal) => resolve({ code, signal }));
  });
}

function stopGently(child: ChildProcess): void {
  child.kill("SIGTERM");
  setTimeout(() => child.kill("SIGKILL"), 2000).unref();
}
