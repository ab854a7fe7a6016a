import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { describe, test } from "node:test";
import { readYaml } from "./stackYaml.ts";

// The value that the pulumi CLI's own loader (sdk v3.259.0, yaml.v3) read for each.
const scalars: [string, unknown][] = [
  ["8443", 8443],
  ["-1", -1],
  ["+1", 1],
  ["1_000", 1000],
  ["017", 15],
  ["0o17", 15],
  ["0O17", 15],
  ["-017", -15],
  ["08", 8],
  ["0x1F", 31],
  ["0b101", 5],
  ["0b2", "0b2"],
  ["_1", "_1"],
  ["1.5", 1.5],
  [".5", 0.5],
  ["5.", 5],
  ["3.0", 3],
  ["1e3", 1000],
  ["1e", "1e"],
  ["1e400", "1e400"],
  ["0x1.8p1", "0x1.8p1"],
  ["12:30", "12:30"],
  ["190:20:30", "190:20:30"],
  ["true", true],
  ["False", false],
  ["TRUE", true],
  ["yes", "yes"],
  ["No", "No"],
  ["on", "on"],
  ["off", "off"],
  ["y", "y"],
  ["~", null],
  ["", null],
  ["Null", null],
  ["nan", "nan"],
  ["Infinity", "Infinity"],
  ["<<", "<<"],
  ["=", "="],
  ["'yes'", "yes"],
  ['"0x10"', "0x10"],
  ["!!str 017", "017"],
  ['!!int "7"', 7],
  ["a #b", "a"],
  ["{yes: no}", { yes: "no" }],
  ["[1, yes, ~, 017]", [1, "yes", null, 15]],
  ["2026-01-01", "2026-01-01 00:00:00 +0000 UTC"],
  ["2026-1-1", "2026-01-01 00:00:00 +0000 UTC"],
  ["2024-02-29", "2024-02-29 00:00:00 +0000 UTC"],
  ["2026-02-29", "2026-02-29"],
  ["2026-13-01", "2026-13-01"],
  ["2026-01-01T10:00:00Z", "2026-01-01 10:00:00 +0000 UTC"],
  ["2026-01-01T10:00:00.250+02:00", "2026-01-01 10:00:00.25 +0200 +0200"],
  ["2026-01-01 1:2:3", "2026-01-01 01:02:03 +0000 UTC"],
  ["2026-01-01T10:00:00", "2026-01-01T10:00:00"],
  ["2026-01-01T24:00:00Z", "2026-01-01T24:00:00Z"],
  ["'2026-01-01'", "2026-01-01"],
];
for (const [text, value] of scalars) {
  test(`${text || "nothing"} is read as the pulumi CLI reads it`, () => {
    assert.deepEqual(readYaml(`a: ${text}\n`, "file"), { a: value });
  });
}

describe("a whole file is read as the pulumi CLI reads it", () => {
  const base = "base: &base {a: 1, b: 2}\n";
  const cases: [string, string, unknown][] = [
    ["an empty one", "", null],
    ["one of comments alone", "# only\n# these\n", null],
    ["one of blank lines", "\n  \n", null],
    ["a mark and nothing", "---\n", null],
    ["a null", "~\n", null],
    ["a byte-order mark", "\ufeffa: 1\n", { a: 1 }],
    ["lines that end as on Windows", "a: 1\r\nb: 2\r\n", { a: 1, b: 2 }],
    ["the first of two documents", "a: 1\n---\nb: 2\n", { a: 1 }],
    ["an empty document before another", "---\n---\na: 1\n", null],
    ["a merge key", `${base}c: {<<: *base, b: 3}\n`, { base: { a: 1, b: 2 }, c: { a: 1, b: 3 } }],
    ["a merge key at the end", `${base}c:\n  b: 3\n  <<: *base\n`, { base: { a: 1, b: 2 }, c: { a: 1, b: 3 } }],
    ["a merge of a list, the first before the others", "c: {<<: [{a: 1}, {a: 2, d: 4}]}\n", { c: { a: 1, d: 4 } }],
    ["a merge into the whole file", "base: &b {a: 1}\n<<: *b\n", { base: { a: 1 }, a: 1 }],
    ["a merge of nothing", "c: {<<: [], a: 1}\n", { c: { a: 1 } }],
    ["an anchor", "a: &x [1]\nb: *x\n", { a: [1], b: [1] }],
    ["an anchor that is given anew", "a: &x 1\nb: &x 2\nc: *x\n", { a: 1, b: 2, c: 2 }],
  ];
  for (const [name, text, value] of cases) test(name, () => assert.deepEqual(readYaml(text, "file"), value));
});

describe("what the CLI refuses is refused, with file, line and column", () => {
  const cases: [string, string, RegExp][] = [
    ["a key twice", "a: 1\na: 2\n", /^file: line 2, column 1: .*duplicated mapping key/],
    ["a key twice within", "a: {b: 1, b: 2}\n", /^file: line 1, column 11: .*duplicated/],
    ["a number and its text as keys", "a: {1: a, '1': b}\n", /^file: line 1.*duplicated/],
    ["a tab for indentation", "a:\n\tb: 1\n", /^file: line 2, column \d+: .*tab/],
    ["an alias of nothing", "a: *x\n", /^file: line 1, column \d+: .*unidentified alias/],
    ["an anchor within itself, as a merge", "a: &x {<<: 7}\n", /^file: line 1, column \d+: .*merge/],
    ["a list that does not end", "a: [1, 2\n", /^file: line \d+, column \d+: /],
    ["a mapping as a key", "? {a: 1}\n: 1\n", /^file: line \d+, column \d+: /],
    ["a null byte", "a: b\0c\n", /^file: line 1, column 5: /],
  ];
  for (const [name, text, message] of cases) test(name, () => assert.throws(() => readYaml(text, "file"), { message }));
});

test("a key that starts a line is said to want spaces, for the parser finds out only behind it", () => {
  const text = "config:\n  hostKey: |\n-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
  assert.throws(() => readYaml(text, "file"), { message: /^file: line .*; the key in line 3 wants spaces in front/ });
});

describe("no error shows a character of a key, wherever and however it was pasted", () => {
  const ec = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
  const pems = [ec.export({ type: "sec1", format: "pem" }), rsa.export({ type: "pkcs8", format: "pem" })].map(String);
  const ways: [string, (pem: string, line: string) => string][] = [
    ["without its indentation", (pem) => `config:\n  hostKey: |\n${pem}  signers: []\n`],
    ["without a bar", (pem) => `config:\n  hostKey: ${pem}  signers: []\n`],
    [
      "with too little indentation",
      (pem) => `config:\n  hostKey:\n    secure: |\n${pem.replaceAll(/^/gm, " ")}  a: 1\n`,
    ],
    ["in quotes that do not end", (pem) => `config:\n  hostKey: "${pem}`],
    ["in quotes, flush left", (pem) => `config:\n  hostKey: "${pem}"\n`],
    ["in brackets", (pem) => `config: {hostKey: ${pem}\n`],
    ["behind a tab", (pem) => `config:\n\thostKey: ${pem}`],
    ["in front of it all", (pem) => `${pem}config: {}\n`],
    ["as keys", (_, line) => `config:\n  ${line}: 1\n  ${line}: 2\n`],
    ["as an alias", (_, line) => `config: *${line}\n`],
    ["as a tag", (_, line) => `config: !${line} a\n`],
    ["as a tag in full", (_, line) => `config: !<${line}> a\n`],
    ["as a tag of lists", (_, line) => `config: !!${line} [a]\n`],
    ["as a tag of mappings", (_, line) => `config: !!${line} {a: b}\n`],
    ["as a tag's handle", (_, line) => `config: !${line.replaceAll(/\W/g, "")}!x a\n`],
    [
      "as a directive",
      (_, line) => `%TAG !${line.replaceAll(/\W/g, "")}! ${line}\n%TAG !${line.replaceAll(/\W/g, "")}! x\n---\n`,
    ],
    ["as an anchor twice", (_, line) => `config: &${line} &${line} a\n`],
    ["as a number that is none", (_, line) => `config: !!int ${line}\n`],
    ["as a mapping's key", (_, line) => `? {${line}: 1}\n: 1\n`],
    ["as an escape", (_, line) => `config: "\\${line.replace(/^[abefnrtvxuUNLP0-9]*/, "q")}"\n`],
  ];
  for (const [name, write] of ways) {
    test(name, () => {
      for (const pem of pems) {
        const line = pem.split("\n")[1] as string;
        const text = write(pem, line);
        assert.throws(
          () => readYaml(text, "Pulumi.prod.yaml"),
          (error: Error) => {
            assert.match(
              error.message,
              /^Pulumi\.prod\.yaml: line \d+, column \d+: found no YAML \(.*\)(; the key in line \d+ wants .*)?$/,
            );
            const said = error.message.slice("Pulumi.prod.yaml: ".length) + String(error.cause ?? "");
            for (const part of pem.split("\n").flatMap((row) => row.match(/[A-Za-z0-9+/]{4,}/g) ?? []))
              for (let at = 0; at + 6 <= part.length; at++) assert.ok(!said.includes(part.slice(at, at + 6)), said);
            return true;
          },
        );
      }
    });
  }
});
