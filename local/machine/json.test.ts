import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readJson } from "./json.ts";

test("JSON is read", () => assert.deepEqual(readJson('{"a": [1]}', "file"), { a: [1] }));

describe("no error quotes the text, whose lines may be a key's", () => {
  const line = "b3BlbnNzaC1rZXktdjEAAAAA";
  for (const text of [line, `{"a": ${line}}`, `{"a": "${line}`, `{"${line}": ${line}`, `[1]${line}`, `-${line}`, ""]) {
    test(JSON.stringify(text), () => {
      assert.throws(
        () => readJson(text, "some file"),
        ({ message, cause, stack }: Error) => {
          assert.match(message, /^some file: (line \d+, column \d+: )?found no JSON$/);
          assert.ok(cause === undefined && !stack?.includes(line.slice(0, 8)));
          return true;
        },
      );
    });
  }
});
