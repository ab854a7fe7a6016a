import assert from "node:assert/strict";
import { test } from "node:test";
import { octezAccuser, octezBaker, octezDalNode, octezNode, type Program } from "./options.ts";
import { problemsOfExtraArguments, readCommandLine } from "./readArguments.ts";

const known: readonly (readonly [program: Program, command: string, args: readonly string[]])[] = [
  [octezNode, "run", ["--advertised-net-port=9732", "--peer", "a:1", "--peer", "b:2", "-v", "-v"]],
  [octezNode, "run", ["--metrics-addr", ":9932", "--singleprocess", "-d", "/data"]],
  [octezNode, "config reset", ["--history-mode", "full:3"]],
  [octezNode, "snapshot import", ["--block", "BL", "--force"]],
  [octezDalNode, "run", ["--attester", "tz1", "--verbose", "-E", "http://127.0.0.1:8732"]],
  [octezDalNode, "run", ["--ignore-l1-history-check", "--peers", "a:1,b:2"]],
  [octezBaker, "run with local node", ["--extra-node", "http://a", "--extra-node", "http://b", "-K"]],
  [octezBaker, "run remotely", ["--remote-calls-timeout", "5", "--operations-pool", "-"]],
  [octezAccuser, "run", ["--preserved-levels", "100"]],
];
for (const [program, command, args] of known)
  test(`Octez knows ${args.join(" ")} for ${command}`, () => {
    assert.deepEqual(problemsOfExtraArguments(args, program, command), []);
  });

const refused: readonly (readonly [
  program: Program,
  command: string,
  args: readonly string[],
  problems: readonly string[],
])[] = [
  [
    octezNode,
    "run",
    ["--nothing", "word", "--private-mode=yes", "--data-dir"],
    [
      "--nothing: Octez has no such option here",
      "--private-mode: it takes no value",
      "--data-dir: its value is missing",
      "word: it belongs to no option",
    ],
  ],
  [octezNode, "run", ["--network", "--private-mode"], ["--network: its value is missing"]],
  [octezNode, "run", ["--v"], ["--v: Octez has no such option here"]],
  [octezNode, "run", ["--block", "BL"], ["--block: Octez has no such option here", "BL: it belongs to no option"]],
  [octezDalNode, "run", ["--attester", "a", "--attester-profiles", "b"], ["--attester-profiles: it is given twice"]],
  [octezDalNode, "config init", ["--telemetry-env"], ["--telemetry-env: Octez has no such option here"]],
  [octezBaker, "run with local node", ["--dal-node=http://a"], ["--dal-node=http://a: Octez has no such option here"]],
  [octezBaker, "run with local node", ["--base-dir"], ["--base-dir: Octez has no such option here"]],
  [octezAccuser, "run", ["--without-dal"], ["--without-dal: Octez has no such option here"]],
];
for (const [program, command, args, problems] of refused)
  test(`Octez refuses ${args.join(" ")} for ${command}`, () => {
    assert.deepEqual(problemsOfExtraArguments(args, program, command), problems);
  });

test("an option that the command has already can't be given again, unless it repeats", () => {
  const args = ["-d", "/other", "--rpc-addr", "127.0.0.1:1"];
  assert.deepEqual(problemsOfExtraArguments(args, octezNode, "run", ["data-dir", "rpc-addr"]), [
    "--data-dir: it is given already",
  ]);
});

test("a whole command line is read in its parts", () => {
  const globals = ["--base-dir", "/client", "-E", "http://127.0.0.1:8732"];
  const command = ["run", "with", "local", "node", "/data", "alice", "--without-dal"];
  const { before, command: name, after } = readCommandLine([...globals, ...command], octezBaker);
  assert.deepEqual(before.values, { "base-dir": ["/client"], endpoint: ["http://127.0.0.1:8732"] });
  assert.equal(name, "run with local node");
  assert.deepEqual(after, { values: { "without-dal": [""] }, words: ["/data", "alice"], mistakes: [] });
});

test("a command line without a command is noticed", () => {
  assert.equal(readCommandLine(["runs"], octezAccuser).command, undefined);
  assert.equal(readCommandLine([], octezNode).command, undefined);
});
