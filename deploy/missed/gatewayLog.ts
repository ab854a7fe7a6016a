/** A line of the gateway's about a request. */
export type LoggedRequest = {
  /** When its first byte came, in Unix milliseconds. */
  readonly timeMs: number;
  readonly signer: string;
  readonly key: string;
  readonly kind: string;
  readonly level: number | null;
  readonly round: number | null;
  readonly status: number;
  /** How long it took. */
  readonly ms: number;
  /** Why there was no signature, or empty. */
  readonly cause: string;
  /** Why the gateway rejected it, or empty. */
  readonly refused: string;
};

/** The log of the forwarder's pod, as far as it tells of requests. */
export type GatewayLog = {
  readonly requests: readonly LoggedRequest[];
  /** The time of its first line. Undefined if there is none. */
  readonly fromMs: number | undefined;
  /** When the forwarder did not run, between the end of its container and the start of the next one. */
  readonly downs: readonly { readonly fromMs: number; readonly toMs: number }[];
  /** The times at which lines about requests were left out, because the log was read too slowly. */
  readonly leftOutMs: readonly number[];
};

/**
 * Reads the output of `kubectl logs --timestamps`, in which each line begins with its time. `previous` is the log of the
 * pod's container before, if it had one.
 */
export function readGatewayLog(current: string, previous = ""): GatewayLog {
  const [before, now] = [linesIn(previous), linesIn(current)];
  const [end, start] = [before.at(-1)?.ms, now[0]?.ms];
  const lines = [...before, ...now];
  return {
    requests: lines.flatMap(({ said }) => requestIn(said)),
    fromMs: lines[0]?.ms,
    downs: end === undefined || start === undefined ? [] : [{ fromMs: end, toMs: start }],
    leftOutMs: lines
      .filter(({ said }) => /^signer-forwarder: \d+ lines about requests were left out/.test(said))
      .map(({ ms }) => ms),
  };
}

function linesIn(text: string): { ms: number; said: string }[] {
  return [...text.matchAll(/^(\S+) (.*)$/gm)].map(([, time = "", said = ""]) => ({ ms: Date.parse(time), said }));
}

function requestIn(said: string): LoggedRequest[] {
  if (!said.startsWith("{")) return [];
  let line: { [name: string]: unknown };
  try {
    line = JSON.parse(said);
  } catch {
    // The log's end, in the middle of a line.
    return [];
  }
  const text = (name: string) => String(line[name] ?? "");
  const number = (name: string) => (typeof line[name] === "number" ? line[name] : null);
  return [
    {
      timeMs: Date.parse(text("time")),
      signer: text("signer"),
      key: text("key"),
      kind: text("kind"),
      level: number("level"),
      round: number("round"),
      status: number("status") ?? 0,
      ms: number("ms") ?? 0,
      cause: text("cause"),
      refused: text("refused"),
    },
  ];
}
