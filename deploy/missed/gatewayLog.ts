import { type LoggedRequest, linesIn, requestsIn, wordsIn } from "../observe/forwarderLog.ts";

/** The log of a baker's router, as far as it tells of requests. */
export type GatewayLog = {
  readonly requests: readonly LoggedRequest[];
  /** The time of its first line. Undefined if there is none. */
  readonly fromMs: number | undefined;
  /** When the router did not run, between the end of its container and the start of the next one. */
  readonly downs: readonly { readonly fromMs: number; readonly toMs: number }[];
  /** The times at which lines about requests were left out, because the log was read too slowly. */
  readonly leftOutMs: readonly number[];
};

/**
 * Reads the output of `kubectl logs --timestamps`, in which each line begins with its time. `previous` is the log of the
 * pod's container before, if it had one.
 */
export function readGatewayLog(current: string, previous = ""): GatewayLog {
  const [before, now] = [linesIn(previous.split("\n")), linesIn(current.split("\n"))];
  const [end, start] = [before.at(-1)?.timeMs, now[0]?.timeMs];
  const lines = [...before, ...now];
  return {
    requests: requestsIn(lines),
    fromMs: lines[0]?.timeMs,
    downs: end === undefined || start === undefined ? [] : [{ fromMs: end, toMs: start }],
    leftOutMs: wordsIn(lines)
      .filter(({ text }) => /^\d+ lines about requests were left out/.test(text))
      .map(({ timeMs }) => timeMs),
  };
}
