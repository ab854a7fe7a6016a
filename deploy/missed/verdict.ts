import type { LoggedRequest } from "../observe/forwarderLog.ts";
import type { Duty } from "./duties.ts";
import type { GatewayLog } from "./gatewayLog.ts";

/** What became of a duty whose signature is not on the chain. */
export type Verdict = {
  readonly what:
    | "never asked"
    | "asked late"
    | "refused"
    | "no answer"
    | "signed late"
    /** Signed in time, and not included. */
    | "not us"
    | "can't tell";
  /** The rest of the sentence, or empty. */
  readonly detail: string;
};

/** How much earlier than a duty's time its request may come: octez-baker asks for a block ahead of its time. */
const aheadMs = 1500;

/** What became of a duty that is not on the chain, by the gateway's log. `signers` are those of its key. */
export function verdictOn(duty: Duty, log: GatewayLog, signers: readonly string[]): Verdict {
  const own = log.requests.filter(
    ({ key, kind, level, round }) =>
      key === duty.key && kind === duty.kind && level === duty.level && round === duty.round,
  );
  const signed = own.find(({ status, refused }) => status === 200 && refused === "");
  if (signed) return onSigned(duty, signed);
  const last = own.at(-1);
  if (last) return onFailed(duty, last, own);
  if (log.fromMs === undefined || log.fromMs > duty.fromMs - aheadMs) {
    const begin = log.fromMs === undefined ? "is empty" : `begins at ${new Date(log.fromMs).toISOString()}`;
    return { what: "can't tell", detail: `the log of the baker's router ${begin}` };
  }
  if (log.leftOutMs.some((ms) => ms >= duty.fromMs - aheadMs && ms <= duty.untilMs + leftOutAfterMs)) {
    return { what: "can't tell", detail: "the log has left out lines" };
  }
  // Without an answer to this call a baker does not ask for the signature.
  const calls = requestsWithin(duty, log).filter(
    ({ kind, signer, status }) => kind === "authorized_keys" && status !== 200 && signers.includes(signer),
  );
  const failed = calls.at(-1);
  if (failed) {
    const count = `${calls.length} ${calls.length === 1 ? "call" : "calls"} while it was due`;
    return { what: "no answer", detail: `from ${failed.signer}: ${failed.cause}; ${count}` };
  }
  const down = log.downs.find(({ fromMs, toMs }) => fromMs < duty.untilMs && toMs > duty.fromMs);
  if (down) {
    const [from, to] = [down.fromMs, down.toMs].map((ms) => new Date(ms).toISOString());
    return { what: "no answer", detail: `the router did not run from ${from} to ${to}` };
  }
  return { what: "never asked", detail: whatWasAsked(duty, log) };
}

/** The log says that it has left out lines once it is read again, which may be a while later. */
const leftOutAfterMs = 60_000;

function onSigned({ fromMs, untilMs }: Duty, { timeMs, ms }: LoggedRequest): Verdict {
  const asked = whenAsked(timeMs - fromMs);
  const left = untilMs - (timeMs + ms);
  if (timeMs > untilMs) return { what: "asked late", detail: `${asked}, when the next block was there` };
  if (left < 0) return { what: "signed late", detail: `${asked}, signed in ${ms} ms: ${seconds(-left)} too late` };
  return { what: "not us", detail: `${asked}, signed in ${ms} ms with ${seconds(left)} left, but not included` };
}

function onFailed({ fromMs, untilMs }: Duty, last: LoggedRequest, all: readonly LoggedRequest[]): Verdict {
  const first = all[0] as LoggedRequest;
  const asked = whenAsked(first.timeMs - fromMs);
  const times = all.length > 1 ? `, ${all.length} times` : "";
  if (last.refused !== "") return { what: "refused", detail: `by the gateway: ${last.refused}; ${asked}${times}` };
  if (last.cause === "signer error") return { what: "refused", detail: `by ${last.signer} itself; ${asked}${times}` };
  if (first.timeMs > untilMs) return { what: "asked late", detail: `${asked}, when the next block was there` };
  return { what: "no answer", detail: `from ${last.signer}: ${last.cause} after ${last.ms} ms; ${asked}${times}` };
}

/** What the log has of a key in the time of its duty, for one that was never asked for. */
function whatWasAsked(duty: Duty, log: GatewayLog): string {
  const kinds = requestsWithin(duty, log)
    .filter(({ key, level }) => key === duty.key && level === duty.level)
    .map(({ kind, round }) => `${kind} of round ${round}`);
  return kinds.length === 0 ? "the baker asked for nothing" : `the baker asked for: ${[...new Set(kinds)].join(", ")}`;
}

function requestsWithin({ fromMs, untilMs }: Duty, log: GatewayLog): LoggedRequest[] {
  return log.requests.filter(({ timeMs }) => timeMs >= fromMs - aheadMs && timeMs <= untilMs);
}

function whenAsked(afterMs: number): string {
  return afterMs < 0 ? `asked ${seconds(-afterMs)} ahead of its time` : `asked ${seconds(afterMs)} after its time`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
