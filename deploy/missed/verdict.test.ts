import assert from "node:assert/strict";
import { test } from "node:test";
import type { LoggedRequest } from "../observe/forwarderLog.ts";
import type { Duty } from "./duties.ts";
import type { GatewayLog } from "./gatewayLog.ts";
import { verdictOn } from "./verdict.ts";

const start = Date.parse("2026-11-28T09:00:00Z");
const duty: Duty = {
  ...{ key: "tz1a", kind: "attestation", level: 123, round: 0, isOnChain: false },
  ...{ fromMs: start, untilMs: start + 6000 },
};
const log: GatewayLog = { requests: [], fromMs: start - 600_000, downs: [], leftOutMs: [] };

/** A request for the signature, so many ms after the duty's time. */
const asked = (after: number, more: Partial<LoggedRequest> = {}): LoggedRequest => ({
  ...{ timeMs: start + after, signer: "home", key: "tz1a", kind: "attestation", level: 123, round: 0 },
  ...{ status: 200, ms: 214, cause: "", refused: "", ...more },
});
const call = (after: number, more: Partial<LoggedRequest> = {}) =>
  asked(after, {
    key: "",
    kind: "authorized_keys",
    level: null,
    round: null,
    status: 502,
    cause: "no tunnel",
    ms: 3,
    ...more,
  });

const rows: [what: string, found: Partial<GatewayLog>, verdict: string, detail: string][] = [
  [
    "a signature in time",
    { requests: [asked(1200)] },
    "not us",
    "asked 1.2 s after its time, signed in 214 ms with 4.6 s left, but not included",
  ],
  [
    "a signature after a failure",
    { requests: [asked(1200, { status: 502, cause: "no tunnel" }), asked(2000)] },
    "not us",
    "asked 2.0 s after its time, signed in 214 ms with 3.8 s left, but not included",
  ],
  [
    "a signature that took too long",
    { requests: [asked(1200, { ms: 5000 })] },
    "signed late",
    "asked 1.2 s after its time, signed in 5000 ms: 0.2 s too late",
  ],
  [
    "a signature that was asked for in the next level",
    { requests: [asked(6100)] },
    "asked late",
    "asked 6.1 s after its time, when the next block was there",
  ],
  [
    "a failure in the next level",
    { requests: [asked(6100, { status: 502, cause: "timeout" })] },
    "asked late",
    "asked 6.1 s after its time, when the next block was there",
  ],
  [
    "the guard's refusal",
    { requests: [asked(900, { status: 403, refused: "watermark" })] },
    "refused",
    "by the gateway: watermark; asked 0.9 s after its time",
  ],
  [
    "the signer's refusal",
    { requests: [asked(900, { status: 500, cause: "signer error" })] },
    "refused",
    "by home itself; asked 0.9 s after its time",
  ],
  [
    "no answer, more than once",
    {
      requests: [
        asked(900, { status: 502, cause: "timeout", ms: 1600 }),
        asked(2600, { status: 502, cause: "device silent", ms: 0 }),
      ],
    },
    "no answer",
    "from home: device silent after 0 ms; asked 0.9 s after its time, 2 times",
  ],
  [
    "a call before it that failed",
    { requests: [call(900), call(1700, { signer: "other" }), call(1000), call(-60_000)] },
    "no answer",
    "from home: no tunnel; 2 calls while it was due",
  ],
  [
    "one call before it that failed",
    { requests: [call(-900, { cause: "timeout" })] },
    "no answer",
    "from home: timeout; 1 call while it was due",
  ],
  [
    "a signature that was asked for ahead of its time",
    { requests: [asked(-900)] },
    "not us",
    "asked 0.9 s ahead of its time, signed in 214 ms with 6.7 s left, but not included",
  ],
  ["nothing", {}, "never asked", "the baker asked for nothing"],
  [
    "another kind, another key and another level",
    {
      requests: [
        asked(400, { kind: "preattestation" }),
        asked(1200, { key: "tz1b" }),
        asked(1200, { level: 122 }),
        call(900, { status: 200 }),
      ],
    },
    "never asked",
    "the baker asked for: preattestation of round 0",
  ],
  [
    "another round",
    { requests: [asked(400, { round: 1 })] },
    "never asked",
    "the baker asked for: attestation of round 1",
  ],
  [
    "a router that did not run",
    { downs: [{ fromMs: start - 3000, toMs: start + 1000 }] },
    "no answer",
    "the router did not run from 2026-11-28T08:59:57.000Z to 2026-11-28T09:00:01.000Z",
  ],
  [
    "a beginning that is later",
    { fromMs: start + 60_000 },
    "can't tell",
    "the log of the baker's router begins at 2026-11-28T09:01:00.000Z",
  ],
  ["no line at all", { fromMs: undefined }, "can't tell", "the log of the baker's router is empty"],
  ["lines left out", { leftOutMs: [start + 20_000] }, "can't tell", "the log has left out lines"],
];
for (const [what, found, verdict, detail] of rows) {
  test(`a log with ${what}: ${verdict}`, () => {
    assert.deepEqual(verdictOn(duty, { ...log, ...found }, ["home", "office"]), { what: verdict, detail });
  });
}
