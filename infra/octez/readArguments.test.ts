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
  problems: readonly (readonly [index: number, wanted: string])[],
])[] = [
  [
    octezNode,
    "run",
    ["--nothing", "word", "--private-mode=yes", "--data-dir"],
    [
      [0, "an option of `run` of Octez 25"],
      [1, "an option, or the value of the one before"],
      [2, "no value for it"],
      [3, "its value after it"],
    ],
  ],
  [octezNode, "run", ["--network", "--private-mode"], [[0, "its value after it"]]],
  [octezNode, "run", ["--v"], [[0, "an option of `run` of Octez 25"]]],
  [
    octezNode,
    "run",
    ["--block", "BL"],
    [
      [0, "an option of `run` of Octez 25"],
      [1, "an option, or the value of the one before"],
    ],
  ],
  [octezDalNode, "run", ["--attester", "a", "--attester-profiles", "b"], [[2, "no option that is there already"]]],
  [octezDalNode, "config init", ["--telemetry-env"], [[0, "an option of `config init` of Octez 25"]]],
  [octezBaker, "run with local node", ["--dal-node=http://a"], [[0, "an option of `run with local node` of Octez 25"]]],
  [octezBaker, "run with local node", ["--base-dir"], [[0, "an option of `run with local node` of Octez 25"]]],
  [octezAccuser, "run", ["--without-dal"], [[0, "an option of `run` of Octez 25"]]],
];
for (const [program, command, args, problems] of refused)
  test(`Octez refuses ${args.join(" ")} for ${command}`, () => {
    const found = problemsOfExtraArguments(args, program, command).map(({ index, wanted }) => [index, wanted]);
    assert.deepEqual(found, problems);
  });

test("an option that is somebody else's may not be given, however it is written", () => {
  const reason = { "data-dir": "nothing here", endpoint: "nothing there" };
  const found = (args: readonly string[]) => problemsOfExtraArguments(args, octezDalNode, "run", reason);
  assert.deepEqual(found(["--peers", "a", "-d", "/other"]), [{ index: 2, wanted: "nothing here" }]);
  assert.deepEqual(found(["--data-dir=/other", "-E", "http://a"]), [
    { index: 0, wanted: "nothing here" },
    { index: 1, wanted: "nothing there" },
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
