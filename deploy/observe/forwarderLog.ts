/** A line of the forwarder's log or a router's, and when the container wrote it, in Unix milliseconds. */
export type LogLine = { readonly timeMs: number; readonly text: string };

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

/** The lines of `kubectl logs --timestamps`, in which each begins with its time. */
export function linesIn(log: readonly string[]): LogLine[] {
  return log.flatMap((line) => {
    const [, time, text] = /^(\S+) (.*)$/.exec(line) ?? [];
    return time === undefined || text === undefined ? [] : [{ timeMs: Date.parse(time), text }];
  });
}

/** The lines in words, of the forwarder or of a router, without the program's name. */
export function wordsIn(lines: readonly LogLine[]): LogLine[] {
  return lines.flatMap(({ timeMs, text }) => {
    const [, words] = /^(?:signer-forwarder|router): (.*)$/.exec(text) ?? [];
    return words === undefined ? [] : [{ timeMs, text: words }];
  });
}

/** The lines about requests. */
export function requestsIn(lines: readonly LogLine[]): LoggedRequest[] {
  return lines.flatMap(({ text }) => requestIn(text));
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
