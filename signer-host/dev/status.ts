import type { Signed } from "./signing.ts";
import type { TunnelState } from "./tunnel.ts";

/** Everything that the status line tells. `since` is when the tunnel came to this state, in milliseconds of `Date.now()`. */
export type Status = {
  readonly name: string;
  readonly forwarder: string;
  tunnel: TunnelState;
  since: number;
  signatures: number;
  last?: Signed;
  /** Why the latest request was refused, until one is signed again. */
  refusal?: string | undefined;
};

/** The state in a few words that stay the same for as long as the state does. */
function stateText({ name, forwarder, tunnel }: Status): string {
  if (tunnel.is === "connected") {
    return `${name}: connected to ${forwarder}`;
  }
  if (tunnel.failed === undefined) {
    return `${name}: dialling ${forwarder}`;
  }
  return tunnel.failed.refused
    ? `${name}: REFUSED to talk to ${forwarder}: ${tunnel.failed.reason}`
    : `${name}: reconnecting (${tunnel.failed.reason})`;
}

/** The state with its numbers. */
export function statusText(status: Status, now: number): string {
  const { tunnel, since, signatures, last, refusal } = status;
  const parts = [
    tunnel.is === "connected"
      ? `${stateText(status)} for ${Math.floor((now - since) / 1000)} s`
      : `${stateText(status)}, attempt ${tunnel.attempt}`,
    `${signatures} signature${signatures === 1 ? "" : "s"}`,
    last && `last ${last.kind} level ${last.level} in ${Math.ceil(last.milliseconds)} ms`,
    refusal && `then refused: ${refusal}`,
  ];
  return parts.filter((part) => part !== undefined).join(", ");
}

/** What a status line is written to: process.stderr, or a test's. */
export type Screen = {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
};

/**
 * Shows a status on one line: on a terminal it is rewritten in place and cut to the width; elsewhere a line is printed
 * when the state changes, and only then.
 */
export class StatusLine {
  readonly #screen: Screen;
  #shown = "";

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  show(status: Status, now: number = Date.now()): void {
    if (this.#screen.isTTY) {
      this.#screen.write(`\r${fit(statusText(status, now), this.#screen.columns)}\x1b[K`);
      return;
    }
    const state = stateText(status);
    if (state !== this.#shown) {
      this.#shown = state;
      this.#screen.write(`${state}\n`);
    }
  }

  /** Leaves the line as it stands: what is written next begins a new one. */
  end(): void {
    if (this.#screen.isTTY) {
      this.#screen.write("\n");
    }
  }
}

/** One column stays free: a terminal that is filled to the last one wraps. */
function fit(text: string, columns = 80): string {
  return text.length < columns ? text : `${text.slice(0, columns - 2)}…`;
}
