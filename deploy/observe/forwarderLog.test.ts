import assert from "node:assert/strict";
import { test } from "node:test";
import { linesIn, requestsIn, wordsIn } from "./forwarderLog.ts";

const line = (text: string) => `2026-11-28T12:00:00.123456789Z ${text}`;

test("a log has lines in words and lines about requests, each with its time", () => {
  const log = [
    line("signer-forwarder: home: slow, not down: a check took 2012ms"),
    line(
      '{"time":"2026-11-28T11:59:59.5Z","signer":"home","key":"tz1","kind":"block","level":7,"round":0,"status":200,"ms":41,"cause":""}',
    ),
    line(
      '{"time":"2026-11-28T11:59:59.5Z","signer":"home","refused":"magic","method":"POST","path":"/keys/tz1","status":403,"ms":0,"cause":""}',
    ),
    line(
      '{"time":"2026-11-28T11:59:59.5Z","signer":"home","key":"","kind":"authorized_keys","level":null,"round":null,"status":502,"ms":0,"cause":"no tunnel"}',
    ),
    line('{"time":"2026-11-2'),
    "",
  ];
  const lines = linesIn(log);
  assert.deepEqual(wordsIn(lines), [
    { timeMs: Date.parse("2026-11-28T12:00:00.123Z"), text: "home: slow, not down: a check took 2012ms" },
  ]);
  const common = { timeMs: Date.parse("2026-11-28T11:59:59.5Z"), signer: "home", cause: "" };
  const none = { level: null, round: null };
  assert.deepEqual(requestsIn(lines), [
    { ...common, key: "tz1", kind: "block", level: 7, round: 0, status: 200, ms: 41, refused: "" },
    { ...common, ...none, key: "", kind: "", status: 403, ms: 0, refused: "magic" },
    { ...common, ...none, key: "", kind: "authorized_keys", status: 502, ms: 0, cause: "no tunnel", refused: "" },
  ]);
});
