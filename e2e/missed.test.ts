import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Background, stopAll, until } from "../testbed/background.ts";
import { makeNetwork, removeNetwork } from "../testbed/network.ts";
import { attestedLevels } from "../testbed/stackBakers.ts";
import { Stack } from "../testbed/testStack.ts";

// "Was it us?": what the chain lacks, by the log of the router.

const homes = ["home", "office"];
const stack = new Stack("e2e-missed", 30122);
let home: Background;

before(async () => {
  await stack.npm("up");
  await makeNetwork(homes);
  home = await stack.startSigner("home");
  await stack.startSigner("office");
});

after(async () => {
  await stopAll();
  await stack.npm("down");
  await removeNetwork(homes);
});

type Miss = { level: number; name: string; kind: string; round: number; what: string; detail: string };
type Found = { bakers: [{ due: { attestations: number; blocks: number }; withoutRights: string[]; missed: Miss[] }] };

async function missed(
  ...words: string[]
): Promise<{ code: number | null; found: Found; lines: string[]; all: string }> {
  const { code, stdout, all } = await stack.attempt("missed", ...words);
  const found = (words.includes("--json") && stdout !== "" ? JSON.parse(stdout) : { bakers: [] }) as Found;
  return { code, found, lines: stdout.trimEnd().split("\n"), all };
}

/** The levels that a key has attested since a moment, by the baker's log. */
async function attested(key: string, since: Date): Promise<number[]> {
  return attestedLevels(await stack.bakerLog(since).catch(() => []), key);
}

/** Waits until a key has attested so many levels more. Returns the first and the last of them. */
async function attestsMore(key: string, count: number): Promise<[first: number, last: number]> {
  const since = new Date();
  const levels = await until(`${key} attests ${count} levels`, 90, async () => {
    const some = await attested(key, since);
    return some.length >= count && some;
  });
  return [levels[0] as number, levels.at(-1) as number];
}

test("nothing is missed while both devices sign", async () => {
  await attestsMore("home-baker", 1);
  // If this machine stands still, a level is missed indeed.
  await until("four levels without a miss", 120, async () => {
    const [first] = await attestsMore("office-baker", 8);
    const { code, found } = await missed("--json", "--levels", `${first}..${first + 3}`);
    return (
      code === 0 &&
      found.bakers[0].missed.length === 0 &&
      found.bakers[0].due.attestations === 8 &&
      found.bakers[0].due.blocks === 4
    );
  });
});

test("a device that is away is why its key's votes and blocks are missing, and nobody else's", async () => {
  const [, before] = await attestsMore("home-baker", 1);
  await home.stop();
  await attestsMore("office-baker", 8);
  home = await stack.startSigner("home");
  await attestsMore("home-baker", 8);
  const levels = `${before + 1}..${before + 6}`;
  const { code, found } = await missed("--json", "--levels", levels);
  assert.equal(code, 1);
  const ofHome = found.bakers[0].missed.filter(({ name }) => name === "home-baker");
  assert.ok(ofHome.some(({ kind }) => kind === "attestation") && ofHome.some(({ kind }) => kind === "block"));
  const away = ofHome.filter(({ what, detail }) => what === "no answer" && /^from home: no tunnel; /.test(detail));
  // Whatever else happened on a machine that stands still now and then.
  assert.ok(away.length * 2 > ofHome.length, JSON.stringify(ofHome, null, 1));
  const { lines } = await missed("--levels", levels);
  assert.match(lines.join("\n"), /^\d+ {2}\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ {2}.*home-baker .*: no answer \(/m);
  assert.match(lines.at(-1) ?? "", /^baker alice, levels \d+\.\.\d+: 12 attestations and \d blocks due, \d+ missed: /);
});

/** Ends the router's program, and waits until Kubernetes has started it again so often. */
async function restartRouter(times: number): Promise<void> {
  await stack.kubectl("exec", "baker-alice-0", "--container", "router", "--", "sh", "-c", "kill 1");
  const state = "{.restartCount} {.ready}";
  const path = `jsonpath={range .status.initContainerStatuses[?(@.name=="router")]}${state}{end}`;
  await until(`the router has been started ${times} times more`, 90, async () => {
    return (await stack.kubectl("get", "pod", "baker-alice-0", "--output", path)) === `${times} true`;
  });
}

test("a router that has lost its log can't tell", async () => {
  const [, level] = await attestsMore("home-baker", 1);
  await home.stop();
  await attestsMore("office-baker", 6);
  // Kubernetes keeps the log of the start before.
  for (const times of [1, 2]) await restartRouter(times);
  await attestsMore("office-baker", 3);
  const { code, lines } = await missed("--levels", `${level + 3}..${level + 3}`);
  // The other key may have missed the level too, and then that may be known.
  const isAllUnknown = /, (\d+) missed: \1 can't tell$/.test(lines.at(-1) ?? "");
  assert.equal(code, isAllUnknown ? 2 : 1, lines.join("\n"));
  assert.match(
    lines[0] ?? "",
    /home-baker attestation(?: of round \d+)?: can't tell \(the log of the baker's router begins at /,
  );
});

test("levels that are not there yet, and a baker that is not there, are one clear error", async () => {
  const { code, all } = await missed("--levels", "999999998..999999999");
  assert.equal(code, 1);
  assert.match(all, /^error: --levels: found 999999998\.\.999999999, wanted levels within \d+\.\.\d+: /m);
  const other = await missed("--baker", "bob");
  assert.equal(other.code, 2);
  assert.match(other.all, /^error: --baker: found "bob", wanted one of its bakers: alice$/m);
});
