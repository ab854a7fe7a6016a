import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Stack } from "../../testbed/testStack.ts";

const stack = new Stack("disaster", 30022);

after(() => stack.npm("down", "--cluster"));

test("the drill destroys everything, and reports when each signer signed again", async () => {
  const report = await stack.npm("drill", "--yes");
  for (const [key, signer] of [
    ["home-baker", "home"],
    ["office-baker", "office"],
  ]) {
    const [, seconds] = new RegExp(`^ +(\\d+\\.\\d) s {2}${key}, on signer ${signer}$`, "m").exec(report) ?? [];
    // Making a cluster takes seconds. A smaller number would belong to a signature from before the disaster.
    assert.ok(Number(seconds) > 3, report);
  }
  assert.match(report, /^ +\d+\.\d s {2}the cluster$/m);
  assert.match(report, /^no signer saw a changed host key$/m);
});
