import assert from "node:assert/strict";
import { test } from "node:test";
import { show, showKey } from "./configError.ts";

test("what is public is shown as it is", () => {
  for (const text of [
    "home",
    "europe-west1-b",
    "gke_my-project_europe-west1_bakers",
    "o".repeat(57),
    "tz1KqTpEZ7Yob7QbPE4Hy4Wo8fHG8LhKxZSx",
    "edpkuBknW28nW72KG6RoHtYW7p12T6GKc7nAbwYX5m8Wd9sDVC9yav",
    "SHA256:iYXqsgAwzrKuUZb8NZFfhOlv0hoJSdisp7lutfoGa1s",
    "198.51.100.7:30022",
    "99 * * * *",
  ])
    assert.equal(show(text), JSON.stringify(text));
});

test("what may be the short last line of a private key is only described", () => {
  for (const text of [
    "AAAECiR8tP1mZkY0bq3vXv1u6H0Zq9",
    "x b3BlbnNzaC1rZXktdjEA y",
    "rT9f+Kq0/ZbWm3yX8vNcLsPq==",
    "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo=",
  ]) {
    assert.equal(show(text), `a text of ${text.length} characters`);
    assert.equal(showKey(text), `a text of ${text.length} characters`);
  }
});

test("a key is a word in a path, or it is shown like a text", () => {
  assert.deepEqual(["port", "gcp:project", "a/b", "a b", ""].map(showKey), [
    "port",
    "gcp:project",
    "a/b",
    '"a b"',
    '""',
  ]);
});
