import assert from "node:assert/strict";
import { test } from "node:test";
import { parseNodeArgs } from "./nodeArgs.ts";

const dir = ["--data-dir", "/data"];

test("octez-node takes what the chart gives it", () => {
  const rpc = ["--rpc-addr", "127.0.0.1:8732", "--allow-all-rpc", "127.0.0.1:8732"];
  assert.deepEqual(
    parseNodeArgs(["config", "init", ...dir, "--network=Mainnet", "--history-mode", "rolling:5", ...rpc]),
    {
      name: "config init",
      dataDir: "/data",
      words: [],
      network: "mainnet",
      historyMode: "rolling:5",
      rpcAddresses: ["127.0.0.1:8732"],
      metricsAddresses: [],
      force: false,
    },
  );
  assert.equal(parseNodeArgs(["identity", "generate", ...dir]).name, "identity generate");
  assert.equal(parseNodeArgs(["upgrade", "storage", ...dir]).name, "upgrade storage");
  assert.deepEqual(parseNodeArgs(["snapshot", "import", "/file", ...dir, "--force"]).words, ["/file"]);
  assert.equal(parseNodeArgs(["run", ...dir]).dataDir, "/data");
});

test("octez-node takes the options of a sandbox", () => {
  const target = `B${"L".repeat(50)},4711`;
  const options = ["--sandbox", "/genesis.json", "--target", target, "--allow-yes-crypto"];
  assert.equal(parseNodeArgs(["run", ...dir, ...options]).name, "run");
  for (const command of ["upgrade storage", "snapshot import"])
    assert.equal(parseNodeArgs([...command.split(" "), ...dir, "--sandbox=/genesis.json"]).name, command);
});

const refused: Readonly<Record<string, [args: readonly string[], message: RegExp]>> = {
  "no command": [[], /unknown command/],
  "an unknown command": [["start"], /unknown command 'start'/],
  "half a command": [["config", ...dir], /unknown command/],
  "an unknown network": [["config", "init", ...dir, "--network", "paris"], /invalid value 'paris'.*shadownet/],
  "an unknown history mode": [["config", "init", ...dir, "--history-mode", "short"], /invalid value 'short'/],
  "an option of another command": [
    ["upgrade", "storage", ...dir, "--network", "mainnet"],
    /unknown option '--network'/,
  ],
  "an option without its value": [["run", "--data-dir"], /option '--data-dir' needs an argument/],
  "an option twice": [["run", ...dir, ...dir], /cannot be repeated/],
  "a target that is none": [["run", ...dir, "--target", "4711"], /invalid value '4711'.*<block_hash>,<level>/],
  "yes crypto for another command": [["upgrade", "storage", ...dir, "--allow-yes-crypto"], /unknown option/],
  "a value for a switch": [["run", ...dir, "--private-mode=on"], /it takes no value/],
  "a word too many": [["run", ...dir, "mainnet"], /too many arguments/],
};
for (const [what, [args, message]] of Object.entries(refused)) {
  test(`octez-node refuses ${what}`, () => {
    assert.throws(() => parseNodeArgs(args), { message, exitCode: 124 });
  });
}
