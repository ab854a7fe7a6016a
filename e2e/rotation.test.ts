import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { parseHostKey, parsePublicKey } from "../infra/keys/sshKey.ts";
import { root } from "../local/machine/checkout.ts";
import { type Background, stopAll, until } from "../testbed/background.ts";
import { makeNetwork, removeNetwork } from "../testbed/network.ts";
import { ssh, sshWords } from "../testbed/sshClient.ts";
import { Stack, temporary } from "../testbed/testStack.ts";

const homes = ["home", "office"];
const alternatePort = 30027;
const stack = new Stack("e2e", 30022);
stack.change((settings) => Object.assign(settings.endpoint as object, { alternatePorts: [alternatePort] }));
const stateOfHome = join(root, ".local/signers/e2e/home");
let home: Background;
let office: Background;
let polling: Background;
let began: Date;

before(async () => {
  await stack.npm("up");
  await makeNetwork(homes);
  home = await stack.startSigner("home");
  office = await stack.startSigner("office");
  for (const key of homes) await signs(`${key}-baker`);
  polling = await stack.startPolling("office", 8453);
  began = new Date();
});

after(async () => {
  await stopAll();
  await stack.npm("down");
  await removeNetwork(homes);
});

describe("the host key is changed while signing goes on", () => {
  const next = makeKey("next-host-key");

  test("the running forwarder gets the next one, and nobody is disconnected for it", async () => {
    const connected = await forwarderLog(/: connected/);
    const { fingerprint } = parseHostKey(next.privateKey);
    const old = (await stack.outputs()).hostKeyFingerprint;
    stack.changeHostKey(undefined, next.privateKey);
    await stack.npm("up");
    await inForwarderLog(new RegExp(`next host key ${escaped(fingerprint)} `));
    const { hostKeyFingerprint, knownHosts } = await stack.outputs();
    assert.equal(hostKeyFingerprint, old);
    assert.ok(knownHosts.includes(next.line), "whoever is set up now knows both");
    assert.equal(knownHosts.trim().split("\n").length, 2, "under one name, for both ports");
    assert.deepEqual(await forwarderLog(/: connected/), connected);
  });

  test("a signer learns it when it dials in the next time", async () => {
    assert.ok(!known().includes(next.line), "sshd announces its host keys once a session, at its start");
    await redial();
    await until("home knows both", 20, () => known().includes(next.line), home.output);
    assert.equal(known().trim().split("\n").length, 2);
  });

  test("it takes the place of the old one, and the signer that has learned it is back by itself", async () => {
    const { fingerprint } = parseHostKey(next.privateKey);
    stack.changeHostKey(next.privateKey);
    await stack.npm("up");
    await inForwarderLog(new RegExp(`forwarder: host key ${escaped(fingerprint)} `));
    await redial();
    await until("home has forgotten the old one", 20, () => known().trim().split("\n").length === 1, known);
    assert.ok(known().includes(next.line));
    assert.doesNotMatch(home.output(), /REFUSED/);
    // The learned host key is valid at every port. A key that belongs to no signer is enough to see that.
    for (const port of [undefined, alternatePort]) {
      const dial = await sshWords(stack, "home", next.file, port);
      const { output } = await ssh(dial, ["-o", `UserKnownHostsFile=${join(stateOfHome, "known_hosts")}`]);
      assert.match(output, /Permission denied/);
    }
    for (const key of homes) await signs(`${key}-baker`);
  });
});

describe("a signer's ssh key is changed while signing goes on", () => {
  const next = makeKey("home-next");

  test("the device uses the next one as soon as the stack has it", async () => {
    stack.change(({ signers }) => void Object.assign(signers[0] ?? {}, { nextSshPublicKey: next.line }));
    await stack.npm("up");
    await inForwarderLog(new RegExp(`signer home ${escaped(next.fingerprint)} `));
    copyFileSync(next.file, join(stateOfHome, "ssh_key"));
    await redial();
    await inForwarderLog(new RegExp(`home: connected from \\S+ ${escaped(next.fingerprint)}$`));
  });

  test("the old one is removed, and the session of the other stays", async () => {
    const connected = await forwarderLog(/: connected/);
    stack.change(({ signers: [signer] }) => {
      Object.assign(signer ?? {}, { sshPublicKey: next.line });
      delete signer?.nextSshPublicKey;
    });
    await stack.npm("up");
    await until("the forwarder has one key for each signer", 90, async () => {
      const since = (await forwarderLog(/forwarder: (host key|signer) /)).join("\n").split("host key").at(-1) ?? "";
      return since.includes(next.fingerprint) && since.match(/signer home/g)?.length === 1;
    });
    for (const key of homes) await signs(`${key}-baker`);
    assert.deepEqual(await forwarderLog(/: connected/), connected);
  });
});

test("no request of a baker failed meanwhile, and of a signer that did not redial none at all", async () => {
  await polling.stop();
  assert.match(polling.output(), /^asked \d{3,} failed 0\n$/);
  const lines = await stack.bakerLog(began);
  // If a level ended before the baker asked for it, this machine stood still. No request was lost.
  const missed = lines.filter((line) => /: (failed|waiting) /.test(line) && !line.endsWith("its time had passed"));
  assert.deepEqual(missed, []);
  assert.ok(lines.length > 20, lines.join("\n"));
});

/** Makes an ed25519 key. */
function makeKey(name: string) {
  const file = temporary(name);
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", file]);
  const { line, fingerprint } = parsePublicKey(readFileSync(`${file}.pub`, "utf8"));
  return { file, line, fingerprint, privateKey: readFileSync(file, "utf8") };
}

/** The known_hosts file of home's ssh. */
function known(): string {
  return readFileSync(join(stateOfHome, "known_hosts"), "utf8");
}

/** Ends home's ssh between two levels, as an operator would, and waits until it has reconnected. */
async function redial(): Promise<void> {
  const before = (await forwarderLog(/home: connected/)).length;
  await signs("home-baker");
  // One for each replica of the forwarder.
  const clients = readFileSync(`/proc/${home.child.pid}/task/${home.child.pid}/children`, "utf8").trim().split(" ");
  for (const client of clients) process.kill(Number(client));
  await until(
    "home is back",
    30,
    async () => (await forwarderLog(/home: connected/)).length > before,
    async () => `${home.output()}${(await forwarderLog(/./)).slice(-10).join("\n")}`,
  );
}

/** Waits until a key has signed a block, which is the last that it signs of a level. */
async function signs(key: string): Promise<void> {
  const since = new Date();
  const line = new RegExp(`^${key}: signed block level `);
  await until(
    `${key} signs a block`,
    60,
    // `up` does not wait for bakers, so the container may not exist yet.
    async () => (await stack.bakerLog(since).catch(() => [])).some((text) => line.test(text)),
    async () => `${home.output()}${office.output()}${(await stack.bakerLog().catch(() => [])).slice(-10).join("\n")}`,
  );
}

/** The forwarder's log lines that match `kind`. */
async function forwarderLog(kind: RegExp): Promise<string[]> {
  const text = await stack.kubectl("logs", "deployment/signer-forwarder");
  return text.split("\n").filter((line) => kind.test(line));
}

/** Waits for a log line of the forwarder that matches `kind`. */
async function inForwarderLog(kind: RegExp): Promise<void> {
  await until(String(kind), 90, async () => (await forwarderLog(kind)).length > 0);
}

function escaped(text: string): string {
  return text.replaceAll(/[+/]/g, "\\$&");
}
