import type { Signed } from "./signing.ts";
import type { TunnelState } from "./tunnel.ts";

/** A tunnel's state. `since` is when it began, in milliseconds of `Date.now()`. */
export type TunnelStatus = {
  readonly forwarder: string;
  tunnel: TunnelState;
  since: number;
};

/** Everything that the status line shows. */
export type Status = {
  readonly name: string;
  /** One for each endpoint of the stack. */
  readonly tunnels: readonly TunnelStatus[];
  signatures: number;
  last?: Signed;
  /** Why the latest request was refused, until one is signed again. */
  refusal?: string | undefined;
};

/** The state in a few words, which change only if the state changes. */
function stateText({ name, tunnels }: Status): string {
  return `${name}: ${tunnels.map((each) => tunnelText(each, tunnels.length)).join("; ")}`;
}

/** The state of one of `count` tunnels. */
function tunnelText({ forwarder, tunnel }: TunnelStatus, count: number): string {
  if (tunnel.is === "connected") return `connected to ${forwarder}`;
  if (tunnel.failed === undefined) return `dialling ${forwarder}`;
  if (tunnel.failed.refused) return `REFUSED to talk to ${forwarder}: ${tunnel.failed.reason}`;
  return `reconnecting${count > 1 ? ` to ${forwarder}` : ""} (${tunnel.failed.reason})`;
}

/** The state of one of `count` tunnels, with its numbers. */
function numberedText(status: TunnelStatus, count: number, now: number): string {
  const { tunnel, since } = status;
  const text = tunnelText(status, count);
  return tunnel.is === "connected"
    ? `${text} for ${Math.floor((now - since) / 1000)} s`
    : `${text}, attempt ${tunnel.attempt}`;
}

/** The state with its numbers. */
export function statusText(status: Status, now: number): string {
  const { name, tunnels, signatures, last, refusal } = status;
  const parts = [
    `${name}: ${tunnels.map((each) => numberedText(each, tunnels.length, now)).join("; ")}`,
    `${signatures} signature${signatures === 1 ? "" : "s"}`,
    last && `last ${last.kind} level ${last.level} in ${Math.ceil(last.milliseconds)} ms`,
    refusal && `then refused: ${refusal}`,
  ];
  return parts.filter((part) => part !== undefined).join(", ");
}

/** The output of a status line: process.stderr, or a test's stand-in for it. */
export type Screen = {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
};

/**
 * Shows a status on one line. On a terminal, the line is rewritten in place and cut to the width. Elsewhere, a line is
 * printed only when the state changes.
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

  /** Leaves the line as it is. The next output starts a new line. */
  end(): void {
    if (this.#screen.isTTY) {
      this.#screen.write("\n");
    }
  }
}

/** Leaves one column free, because a terminal wraps a line that fills the last column. */
function fit(text: string, columns = 80): string {
  return text.length < columns ? text : `${text.slice(0, columns - 2)}…`;
}
