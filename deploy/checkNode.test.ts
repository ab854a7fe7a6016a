import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { root } from "../local/machine/checkout.ts";

const folder = mkdtempSync(join(tmpdir(), "check-node-"));
before(() => {
  mkdirSync(join(folder, "deploy"));
  copyFileSync(join(root, "deploy/checkNode.cjs"), join(folder, "deploy/checkNode.cjs"));
});
after(() => rmSync(folder, { recursive: true }));

/** Runs a program after the check, with a Node that runs TypeScript or one that does not. */
function behindCheck(...options: string[]) {
  const words = [...options, "--require", "./deploy/checkNode.cjs", "--eval", "console.log('ran')"];
  const { status, stderr, stdout } = spawnSync(process.execPath, words, { cwd: folder, encoding: "utf8" });
  return { status, stderr, stdout };
}

test("a Node that runs TypeScript is left alone", () => {
  assert.deepEqual(behindCheck(), { status: 0, stderr: "", stdout: "ran\n" });
});

describe("one that does not is told in one line what to do", () => {
  const cases: [string, () => void, RegExp][] = [
    ["before npm ci", () => {}, /run `npm ci` first/],
    [
      "after npm ci with ignore-scripts, which leaves the package node without its program",
      () => {
        mkdirSync(join(folder, "node_modules/node"), { recursive: true });
      },
      /ignore-scripts\): run `npm rebuild node --ignore-scripts=false`/,
    ],
    [
      "where another Node is first on PATH",
      () => {
        mkdirSync(join(folder, "node_modules/.bin"));
        writeFileSync(join(folder, "node_modules/.bin/node"), "");
      },
      /put node_modules\/\.bin in front of PATH/,
    ],
  ];
  for (const [name, prepare, hint] of cases) {
    test(name, () => {
      prepare();
      const { status, stderr, stdout } = behindCheck("--no-experimental-strip-types");
      assert.deepEqual([status, stdout], [1, ""]);
      assert.match(stderr, /^error: found Node v\d+\.\d+\.\d+, wanted [^\n]*\n$/);
      assert.match(stderr, hint);
    });
  }
});

test("every script that runs TypeScript has the check in front, which any Node since 12 can read", () => {
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  const programs = Object.values(scripts).filter((script) => script.includes(".ts"));
  assert.ok(programs.length > 8);
  for (const script of programs) assert.match(script, /node --require \.\/deploy\/checkNode\.cjs \S+\.ts$/);
  assert.doesNotMatch(
    readFileSync(join(root, "deploy/checkNode.cjs"), "utf8"),
    /\?\.|\?\?|node:|\bimport\b|#[a-z]|&&=/,
  );
});
