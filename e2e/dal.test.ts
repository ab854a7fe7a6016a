import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type Background, stopAll, until } from "../testbed/background.ts";
import { makeNetwork, removeNetwork } from "../testbed/network.ts";
import { type SoftwareKey, softwareKey } from "../testbed/softwareKeys.ts";
import { attestedLevels, giveCpu, keepFirstDelegate } from "../testbed/stackBakers.ts";
import { newSigner, Stack } from "../testbed/testStack.ts";

// A DAL node that fails, and a delegate with a tz4 consensus key and a companion key, on real pods.

const stack = new Stack("e2e-dal", 30142);
const client = ["octez-client", "--base-dir", "/tmp/wallet", "--endpoint", "http://127.0.0.1:8732"];

const [me, consensus, companion] = await Promise.all([
  softwareKey("tz1", 40),
  softwareKey("tz4", 41),
  softwareKey("tz4", 42),
]);
const entryOf = (name: string, { address, publicKey }: SoftwareKey) => ({ name, address, publicKey, signer: "home" });

const began = new Date();
let home: Background;
let keys: string;

before(async () => {
  const { keys: folder, ...entry } = await newSigner("home", 8443);
  keys = folder;
  stack.change((settings) => {
    settings.signers = [entry];
    keepFirstDelegate(settings.bakers);
    giveCpu(settings.bakers);
  });
  await stack.npm("up");
  await makeNetwork(["home"]);
  await dialIn();
});

/** Starts the signer with the keys that its folder has now. */
async function dialIn(): Promise<void> {
  home = await stack.startSigner("home", "--keys", keys);
  await until("the signer is connected", 60, () => /connected to/.test(home.output()), home.output);
}

after(async () => {
  await stopAll();
  await stack.npm("down");
  await removeNetwork(["home"]);
});

/** Runs a program in a container of the baker's pod. */
function inPod(container: string, ...words: string[]): Promise<string> {
  return stack.kubectl("exec", "statefulset/baker-alice", "--container", container, "--", ...words);
}

/** The baker's lines since a moment; none while its container does not exist. */
const log = (since: Date) => stack.bakerLog(since).catch(() => []);

async function logged(what: string, pattern: RegExp, since: Date, seconds = 90): Promise<string> {
  let found: string | undefined;
  await until(
    what,
    seconds,
    async () => {
      found = (await log(since)).find((line) => pattern.test(line));
      return found !== undefined;
    },
    async () => (await log(since)).slice(-15).join("\n"),
  );
  return found as string;
}

/** The highest level that the baker has attested. To ask the node would start a program in its pod. */
async function head(): Promise<number> {
  return Math.max(...attestedLevels(await log(began)));
}

/** Waits until levels can be judged, and returns what the chain lacks of them. */
async function missedOf(
  from: number,
  to: number,
): Promise<{ due: { attestations: number }; missed: { kind: string }[] }> {
  await until(`level ${to} is final`, 60, async () => (await head()) > to + 3);
  const { stdout, all } = await stack.attempt("missed", "--json", "--levels", `${from}..${to}`);
  assert.match(stdout, /^\{/, all);
  return (JSON.parse(stdout) as { bakers: [{ due: { attestations: number }; missed: { kind: string }[] }] }).bakers[0];
}

async function restarts(container: string): Promise<number> {
  const path = `{.items[0].status.containerStatuses[?(@.name=="${container}")].restartCount}`;
  const selector = "app.kubernetes.io/instance=baker-alice,app.kubernetes.io/name=baker";
  return Number(await stack.kubectl("get", "pods", "--selector", selector, "--output", `jsonpath=${path}`));
}

test("a DAL node that dies and comes back costs no vote, and the baker stays as it is", async () => {
  const attests = /ready to attach DAL attestation for level \d+, with bitset [1-9]/;
  await logged("there is data to attest to", attests, new Date(), 120);
  const [baker, dalNode, from] = [await restarts("octez-baker"), await restarts("octez-dal-node"), await head()];
  await inPod("octez-dal-node", "sh", "-c", "kill 1");
  const died = new Date();
  await until("the DAL node is started anew", 90, async () => (await restarts("octez-dal-node")) > dalNode);
  const back = new Date();
  await logged("the data is attested to again", attests, back, 120);
  const { due, missed } = await missedOf(from + 1, Math.max(from + 8, await head()));
  const votes = missed.filter(({ kind }) => kind === "attestation");
  assert.deepEqual(votes, [], (await log(died)).join("\n"));
  assert.ok(due.attestations >= 8);
  assert.equal(await restarts("octez-baker"), baker);
});

test("without a companion key that counts, a tz4 votes, and attests to no DAL data", async () => {
  await home.stop();
  const secrets = { consensus: consensus.secretKey, companion: companion.secretKey };
  writeFileSync(join(keys, "tezos.json"), JSON.stringify(secrets));
  stack.change(({ bakers: [baker] }) => {
    const keys = { consensus: [entryOf("consensus", consensus)], companion: [entryOf("companion", companion)] };
    if (baker) baker.delegates = [{ address: me.address, keys }];
  });
  await stack.npm("up");
  await dialIn();
  const since = new Date();
  await logged("it votes", /^consensus: signed attestation level \d+ in \d+ ms$/, since);
  await logged("it says why it does no more", /Cannot issue an attestation with DAL because the BLS/, since);
  assert.ok((await log(since)).every((line) => !line.includes("companion key companion")));
});

test("then both keys sign each attestation, one after the other, and the DAL's data is attested to", async () => {
  const octez = (words: string) => inPod("octez-node", ...client, ...words.split(" "));
  await octez(`import secret key me unencrypted:${me.secretKey}`);
  await octez(`import public key tz4 unencrypted:${consensus.publicKey}`);
  await octez(`import public key dal unencrypted:${companion.publicKey}`);
  await octez(`register key me as delegate with consensus key tz4 --consensus-key-pop ${consensus.proof}`);
  await octez(`set companion key for me to dal --companion-key-pop ${companion.proof}`);
  const twice = await logged(
    "the companion key signs",
    /^consensus: signed attestation level \d+ in \d+ ms with companion key companion$/,
    new Date(),
    180,
  );
  const [, level] = /level (\d+)/.exec(twice) ?? [];
  const since = new Date();
  await logged("there is data to attest to", /ready to attach DAL attestation for level \d+, with bitset [1-9]/, since);
  const lines = await stack.kubectl("logs", "deployment/signer-forwarder");
  const of = (address: string) =>
    lines.split("\n").filter((line) => {
      const {
        key,
        kind,
        level: at,
        status,
      } = (line.startsWith("{") ? JSON.parse(line) : {}) as Record<string, unknown>;
      return key === address && kind === "attestation" && at === Number(level) && status === 200;
    }).length;
  assert.deepEqual([of(consensus.address), of(companion.address)], [1, 1], `level ${level}`);
});
