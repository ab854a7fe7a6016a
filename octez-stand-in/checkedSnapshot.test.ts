import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { b58Encode, PrefixV2 } from "@taquito/utils";
import { ChartSteps } from "./chartSteps.ts";

const steps = new ChartSteps();
const { data, root } = steps;
const content = "a snapshot";
const rightSum = createHash("sha256").update(content).digest("hex");
const wrongSum = rightSum.replace(/^./, (digit) => (digit === "0" ? "1" : "0"));
let fetched = 0;
const mirror = createServer((_, response) => {
  fetched++;
  response.end(content);
});
let url: string;

before(async () => {
  mirror.listen(0, "127.0.0.1");
  await once(mirror, "listening");
  url = `http://127.0.0.1:${(mirror.address() as AddressInfo).port}/rolling`;
  const settings = { NETWORK: "shadownet", HISTORY_MODE: "rolling" };
  assert.equal((await steps.run("configure-node", settings)).code, 0);
});
after(() => {
  mirror.close();
  steps.remove();
});

const importWith = (sum: string, block = "") =>
  steps.run("import-snapshot", { SNAPSHOT_URL: url, SHA256: sum, BLOCK_HASH: block });
const blockOf = (text: string) => b58Encode(createHash("sha256").update(text).digest(), PrefixV2.BlockHash);

test("a snapshot with another sum is removed, and the pod says so in one line", async () => {
  const { code, text } = await importWith(wrongSum);
  const line = `snapshot.sha256: found ${rightSum} at ${url}; wanted ${wrongSum}; nothing was imported\n`;
  assert.deepEqual({ code, text }, { code: 1, text: line });
  assert.ok(!existsSync(join(data, "store")));
  assert.ok(!readdirSync(join(root, "tezos/node")).includes("snapshot"));
});

test("it is not fetched again at each restart, which says the same", async () => {
  const before = fetched;
  const { code, text } = await importWith(wrongSum);
  assert.equal(code, 1);
  assert.match(text, /^snapshot\.sha256: found .*; nothing was imported\n$/);
  assert.equal(fetched, before);
});

test("a snapshot of another block is not imported", async () => {
  const { code, text } = await importWith(rightSum, blockOf("another"));
  assert.equal(code, 124);
  assert.equal(
    text,
    `octez-node: The block contained in the file is ${blockOf(content)} instead of ${blockOf("another")}.\n`,
  );
  assert.ok(!existsSync(join(data, "store")));
});

test("a block that is none is refused", async () => {
  assert.match((await importWith(rightSum, "BLabc")).text, /BLabc is not a valid block identifier/);
});

test("a corrected sum has it fetched and imported, and what was refused is forgotten", async () => {
  assert.deepEqual(await importWith(rightSum, blockOf(content)), { code: 0, text: "" });
  assert.ok(existsSync(join(data, "store")));
  assert.deepEqual(readdirSync(join(root, "tezos/node")), ["data"]);
});
