import assert from "node:assert/strict";
import { test } from "node:test";
import { requestLine, wordsLine } from "./sampleFacts.ts";
import { readLogs } from "./signerView.ts";

test("the requests of the log are those for signatures, and those that were rejected", () => {
  const log = [
    wordsLine(9, "home: quick again: a check took 31ms"),
    requestLine(8, { kind: "block" }),
    requestLine(7, { kind: "", refused: "magic", status: 403 }),
    requestLine(6, { kind: "authorized_keys", key: "", status: 502, cause: "no tunnel" }),
  ];
  const { requests, words } = readLogs({ log: { value: log } });
  assert.deepEqual(
    requests.map(({ kind, refused }) => [kind, refused]),
    [
      ["block", ""],
      ["", "magic"],
    ],
  );
  assert.deepEqual(
    words.map(({ text }) => text),
    ["home: quick again: a check took 31ms"],
  );
  assert.deepEqual(readLogs({ log: { error: "no pod" } }), { requests: [], passed: [], words: [] });
});

test("the bakers' requests are those of their routers, in their order, if these tell", () => {
  const log = { value: [requestLine(3)] };
  const router = (...seconds: number[]) => ({
    baker: "alice",
    metrics: { error: "no pod" },
    log: { value: seconds.map((each) => requestLine(each, { cause: "no tunnel", status: 502 })) },
  });
  const { passed, requests } = readLogs({ log, routers: [router(9, 1), router(5)] });
  const times = requests.map(({ timeMs }) => timeMs);
  assert.deepEqual([times.length, times], [3, [...times].sort()]);
  assert.ok(requests.every(({ cause }) => cause === "no tunnel"));
  assert.deepEqual(
    passed.map(({ cause }) => cause),
    [""],
  );
  const silent = { ...router(), log: { error: "no pod" } };
  assert.deepEqual(readLogs({ log, routers: [silent] }).requests, passed);
});
