import assert from "node:assert/strict";
import { test } from "node:test";
import { readGatewayLog } from "./gatewayLog.ts";

const signed =
  '2026-11-28T09:00:00.345678901Z {"time":"2026-11-28T09:00:00.123Z","signer":"home","key":"tz1a","kind":"attestation","level":123,"round":0,"status":200,"ms":214,"cause":""}';
const refused =
  '2026-11-28T09:00:01.000000000Z {"time":"2026-11-28T09:00:01.000Z","signer":"home","refused":"magic","method":"POST","path":"/keys/tz1a","status":403,"ms":0,"cause":""}';
const failed =
  '2026-11-28T09:00:02.000000000Z {"time":"2026-11-28T09:00:02.000Z","signer":"home","key":"","kind":"authorized_keys","level":null,"round":null,"status":502,"ms":3,"cause":"no tunnel"}';
const words = "2026-11-28T08:59:59.000000000Z router: serving alice: 2 signers, by signer-forwarder-replica-0.prod.svc";
const leftOut =
  "2026-11-28T09:00:03.000000000Z router: 17 lines about requests were left out: the log is read too slowly";

test("reads the lines about requests", () => {
  const { requests, fromMs, leftOutMs, downs } = readGatewayLog(
    [words, signed, refused, failed, leftOut, ""].join("\n"),
  );
  assert.equal(fromMs, Date.parse("2026-11-28T08:59:59Z"));
  assert.deepEqual(leftOutMs, [Date.parse("2026-11-28T09:00:03Z")]);
  assert.deepEqual(downs, []);
  assert.deepEqual(requests, [
    {
      ...{ timeMs: Date.parse("2026-11-28T09:00:00.123Z"), signer: "home", key: "tz1a", kind: "attestation" },
      ...{ level: 123, round: 0, status: 200, ms: 214, cause: "", refused: "" },
    },
    {
      ...{ timeMs: Date.parse("2026-11-28T09:00:01Z"), signer: "home", key: "", kind: "" },
      ...{ level: null, round: null, status: 403, ms: 0, cause: "", refused: "magic" },
    },
    {
      ...{ timeMs: Date.parse("2026-11-28T09:00:02Z"), signer: "home", key: "", kind: "authorized_keys" },
      ...{ level: null, round: null, status: 502, ms: 3, cause: "no tunnel", refused: "" },
    },
  ]);
});

test("a line that is cut off is no request", () => {
  assert.deepEqual(readGatewayLog(signed.slice(0, 90)).requests, []);
});

test("an empty log begins nowhere", () => {
  assert.equal(readGatewayLog("").fromMs, undefined);
});

test("the log of the container before goes in front, and between them the router did not run", () => {
  const { fromMs, downs, requests } = readGatewayLog(`${refused}\n${failed}\n`, `${words}\n${signed}\n`);
  assert.equal(fromMs, Date.parse("2026-11-28T08:59:59Z"));
  assert.deepEqual(downs, [
    { fromMs: Date.parse("2026-11-28T09:00:00.345Z"), toMs: Date.parse("2026-11-28T09:00:01Z") },
  ]);
  assert.equal(requests.length, 3);
});
