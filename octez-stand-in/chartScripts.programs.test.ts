import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ChartSteps } from "./chartSteps.ts";

// The steps on a volume without free space: a small file system, which is mounted for them.
const steps = new ChartSteps();
const { client, root } = steps;
const step = steps.run.bind(steps);

before(async () => assert.equal((await step("write-wallet")).code, 0));
after(() => steps.remove());

const onSmallVolume = (setUp: string, check: string) => (command: string) =>
  `mount -t tmpfs -o size=256k none ${client}; ${setUp}; ${command} || echo "ended with $?" >&2; ${check}`;
const fill = (file: string) =>
  `mkdir -p ${client}/logs/octez-baker; cat /dev/zero > ${client}/${file} 2> /dev/null || :`;
const asRoot = { skip: process.getuid?.() !== 0 && "a mount needs root" };

test("a volume that is full of log files gets its wallet", asRoot, async () => {
  const check = `cmp ${root}/wallet/config ${client}/config; ls ${client} >&2`;
  const setUp = fill("logs/octez-baker/daily-20261128.log");
  const { code, text } = await step("write-wallet", {}, onSmallVolume(setUp, check));
  assert.deepEqual({ code, text }, { code: 0, text: "config\npublic_key_hashs\npublic_keys\nsecret_keys\n" });
});

test(
  "a volume that is full of something else keeps the wallet that it has, and the step says why",
  asRoot,
  async () => {
    const setUp = `echo '["old"]' > ${client}/secret_keys; ${fill("other")}`;
    const { code, text } = await step("write-wallet", {}, onSmallVolume(setUp, `cat ${client}/secret_keys >&2`));
    assert.equal(code, 0);
    assert.match(text, /No space left on device\nended with 1\n\["old"\]\n$/);
  },
);

const unfit: [what: string, setUp: string, why: RegExp][] = [
  ["full", fill("other"), /No space left on device/],
  ["full but for a little", `${fill("other")}; truncate -s -32K ${client}/other`, /No space left on device/],
  ["read-only", `mount -o remount,ro ${client}`, /Read-only file system/],
];
for (const [what, setUp, why] of unfit) {
  test(`a baker is not ready with a volume that is ${what}, and the probe leaves nothing`, asRoot, async () => {
    const { code, text } = await step("can-write-marks", {}, onSmallVolume(setUp, `ls -A ${client} >&2`));
    assert.equal(code, 0);
    assert.match(text, why);
    assert.match(text, /ended with [1-9]/);
    assert.doesNotMatch(text, /^\.probe$/m);
  });
}
