import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { parseConfig } from "./config.ts";
import { ConfigError } from "./configError.ts";
import { ownKeys, problemsOfOthersKeys, readers } from "./othersKeys.ts";

test("providers that the program makes things with read their keys, and Pulumi its own", () => {
  const { dependencies } = JSON.parse(readFileSync(join(import.meta.dirname, "../../package.json"), "utf8"));
  const sdks = Object.keys(dependencies).filter((name) => name.startsWith("@pulumi/"));
  assert.deepEqual([...readers].sort(), sdks.map((name) => name.slice("@pulumi/".length)).sort());
  const keys = ["gcp:project", "gcp:config:project", "kubernetes:context", "pulumi:tags", "random:x"];
  assert.deepEqual(problemsOfOthersKeys(keys), []);
});

describe("what nobody reads is a problem that says whose it may be", () => {
  const cases: [string, RegExp][] = [
    [
      "remote-signer-clud:bakers",
      /^remote-signer-clud:bakers: .*bakers, with the prefix remote-signer-cloud: or without/,
    ],
    ["Remote-Signer-Cloud:bakers", /bakers, with the prefix/],
    ["remote-signer-clud:config:bakers", /bakers, with the prefix/],
    ["remote-signer-clud:bakerz", /a prefix that somebody reads: remote-signer-cloud, gcp, /],
    ["aws:region", /a prefix that somebody reads/],
    [":bakers", /bakers, with the prefix/],
    ["gcp:", /a prefix that somebody reads/],
    ["a:b:c", /a prefix that somebody reads/],
    ["gcp:a:b", /a prefix that somebody reads/],
    ["b3BlbnNzaC1rZXktdjEAAAAABG5vbmU:x", /^a text of 33 characters: /],
  ];
  for (const [key, text] of cases) {
    test(key, () => {
      const [problem, ...rest] = problemsOfOthersKeys([key]);
      assert.match(`${problem?.path}: ${problem?.wanted}`, text);
      assert.deepEqual(rest, []);
    });
  }
});

test("they are in the one list, next to the rest", () => {
  const values = { "remote-signer-clud:bakers": "[]", "gcp:project": "x", bakerz: "", signers: "" };
  assert.throws(
    () => parseConfig("dev", values),
    ({ problems }: ConfigError) => {
      const lines = problems.map(({ path, found }) => `${path}: ${found}`);
      assert.deepEqual(lines, [
        "remote-signer-clud:bakers: a key that nobody reads",
        "signers: nothing",
        "cluster: nothing",
        ': an unknown key "bakerz"',
      ]);
      return true;
    },
  );
});

test("the config reference's keys are the schema's", () => {
  const values = Object.fromEntries(ownKeys.map((key) => [key, "7"]));
  assert.throws(
    () => parseConfig("dev", values),
    (error) => error instanceof ConfigError && !error.message.includes("unknown key"),
  );
});
