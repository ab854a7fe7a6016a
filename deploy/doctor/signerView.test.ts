import assert from "node:assert/strict";
import { test } from "node:test";
import { requestLine, wordsLine } from "./sampleFacts.ts";
import { readLog } from "./signerView.ts";

test("the requests of the log are those for signatures, and those that were rejected", () => {
  const log = [
    wordsLine(9, "home: quick again: a check took 31ms"),
    requestLine(8, { kind: "block" }),
    requestLine(7, { kind: "", refused: "magic", status: 403 }),
    requestLine(6, { kind: "authorized_keys", key: "", status: 502, cause: "no tunnel" }),
  ];
  const { requests, words } = readLog({ value: log });
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
  assert.deepEqual(readLog({ error: "no pod" }), { requests: [], words: [] });
});
