import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { ChartSteps } from "./chartSteps.ts";

const steps = new ChartSteps();
const dal = join(steps.root, "tezos/dal");
after(() => steps.remove());

test("a DAL node starts without the delegates of its last start, and with all else that it has kept", async () => {
  // It says which files it finds, in place of running.
  const program = join(steps.root, "bin/octez-dal-node");
  writeFileSync(program, `#!/bin/sh\nfind '${dal}' -type f -printf '%P\\n' | sort > '${steps.root}/found'\n`, {
    mode: 0o755,
  });
  mkdirSync(join(dal, "store"), { recursive: true });
  for (const file of ["config.json", "identity.json", "peers.json", "store/profiles.json", "store/shards"])
    writeFileSync(join(dal, file), "{}");
  assert.deepEqual(await steps.run("run-dal-node"), { code: 0, text: "" });
  const found = readFileSync(join(steps.root, "found"), "utf8").trim().split("\n");
  assert.deepEqual(found, ["identity.json", "peers.json", "store/shards"]);
  assert.deepEqual(await steps.run("run-dal-node"), { code: 0, text: "" }, "nor does it want what is not there");
  assert.ok(!readdirSync(dal).includes("config.json"));
});
