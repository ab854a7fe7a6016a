import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAccuserArgs, parseBakerArgs } from "./clientArgs.ts";

const dir = import.meta.dirname;
const global = ["--base-dir", "/client", "--endpoint", "http://127.0.0.1:8732"];
const run = [...global, "run", "with", "local", "node", dir];
const vote = ["--liquidity-baking-toggle-vote", "pass"];

test("octez-baker takes what the chart gives it", () => {
  assert.deepEqual(parseBakerArgs([...run, "home", "away", ...vote, "--without-dal", "--keep-alive"]), {
    baseDir: "/client",
    endpoint: "http://127.0.0.1:8732",
    keepAlive: true,
    aliases: ["home", "away"],
    vote: "pass",
  });
  assert.deepEqual(parseBakerArgs([...run, "--votefile", import.meta.filename, "home", "--dal-node", "http://dal:1"]), {
    baseDir: "/client",
    endpoint: "http://127.0.0.1:8732",
    keepAlive: false,
    aliases: ["home"],
    voteFile: import.meta.filename,
    dalNode: "http://dal:1",
  });
});

test("octez-baker takes further nodes where it has none of its own", () => {
  const extra = ["--extra-node", "http://a:8732", "--extra-node", "http://b:8732"];
  const remotely = [...global, "run", "remotely", "home", "away", ...vote, "--without-dal"];
  assert.deepEqual(parseBakerArgs([...remotely, ...extra]).aliases, ["home", "away"]);
  assert.throws(() => parseBakerArgs([...run, "home", ...vote, "--without-dal", ...extra]), {
    message: /`--extra-node` cannot be used with local node/,
  });
});

const refusedByBaker: Readonly<Record<string, [args: readonly string[], message: RegExp]>> = {
  "no command": [global, /Unrecognized command/],
  "another command": [[...global, "run", "locally", "home"], /Unrecognized command/],
  "no data directory": [run.slice(0, -1), /Unterminated command/],
  "a data directory that is not there": [
    [...run.slice(0, -1), "/nowhere", ...vote],
    /Directory doesn't exist: '\/nowhere'/,
  ],
  "no vote": [[...run, "home", "--without-dal"], /Missing liquidity baking toggle vote/],
  "an unknown vote": [[...run, "home", "--liquidity-baking-toggle-vote", "yes"], /unexpected vote: yes/],
  "a vote without its value": [[...run, "home", "--liquidity-baking-toggle-vote"], /expects an argument/],
  "neither a DAL node nor going without": [[...run, "home", ...vote], /'--without-dal'/],
  "a DAL node and going without": [[...run, ...vote, "--without-dal", "--dal-node", "http://d:1"], /incompatible/],
  "an unknown option": [[...run, "home", ...vote, "--without-dal", "--dal"], /Unexpected command line option --dal\./],
  "an option of before v23": [[...run, ...vote, "--adaptive-issuance-vote", "on"], /--adaptive-issuance-vote/],
  "an option twice": [[...run, ...vote, ...vote, "--without-dal"], /appears multiple times/],
  "an option with an equals sign": [[...run, "--liquidity-baking-toggle-vote=pass"], /Unexpected command line option/],
  "a global option after the command": [[...run, ...vote, "--without-dal", "--base-dir", "/b"], /--base-dir/],
  "an endpoint that is no URL": [["--endpoint", "localhost", ...run.slice(4)], /localhost is not a URL/],
};
for (const [what, [args, message]] of Object.entries(refusedByBaker)) {
  test(`octez-baker refuses ${what}`, () => {
    assert.throws(() => parseBakerArgs(args), { message, exitCode: 1 });
  });
}

test("octez-accuser takes what the chart gives it", () => {
  const command = parseAccuserArgs([...global, "run", "--keep-alive"]);
  assert.deepEqual(command, { baseDir: "/client", endpoint: "http://127.0.0.1:8732", keepAlive: true });
});

const refusedByAccuser: Readonly<Record<string, [args: readonly string[], message: RegExp]>> = {
  "no command": [global, /Unrecognized command/],
  "a key": [[...global, "run", "home"], /Extra command line arguments/],
  "a baker's option": [[...global, "run", "--without-dal"], /Unexpected command line option/],
  "a number that is none": [[...global, "run", "--preserved-levels", "many"], /Cannot read int/],
};
for (const [what, [args, message]] of Object.entries(refusedByAccuser)) {
  test(`octez-accuser refuses ${what}`, () => {
    assert.throws(() => parseAccuserArgs(args), { message, exitCode: 1 });
  });
}
