import assert from "node:assert/strict";
import { chownSync, copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { root } from "../local/machine/checkout.ts";
import { stateFolder } from "../local/machine/paths.ts";
import { run } from "../local/machine/run.ts";
import { ensurePackages } from "../local/toolchain/debianPackages.ts";
import { type Background, start, stopAll, until } from "../testbed/background.ts";
import { imageRoot, inImage } from "../testbed/imageRoot.ts";
import { homeOf, inside, makeNetwork, removeNetwork } from "../testbed/network.ts";
import { ssh, sshWords } from "../testbed/sshClient.ts";
import { testCluster } from "../testbed/testCluster.ts";
import { Stack, temporary } from "../testbed/testStack.ts";

// The door that faces the internet: real clients that may come in, and strangers who can't keep them out.

const homes = ["home", "mobile", "office", "stranger"];
const stack = new Stack("e2e", 30022);
const homeKey = join(root, "signer-host/dev/keys/home/ssh_ed25519");
const officeKey = join(root, "signer-host/dev/keys/office/ssh_ecdsa");
const forwards = ["-N", "-o", "ExitOnForwardFailure=yes", "-R", "8443:127.0.0.1:8442"];
const officeForwards = ["-N", "-o", "ExitOnForwardFailure=yes", "-R", "8453:127.0.0.1:8442"];

before(async () => {
  await ensurePackages(() => {}, ["autossh", "curl", "dropbear-bin", "python3", "python3-pip"]);
  stack.change((settings) => {
    settings.bakers = [];
  });
  await stack.npm("up");
  await makeNetwork(homes);
  for (const home of ["home", "mobile", "office"]) answering(home);
});

after(async () => {
  await stopAll();
  await stack.npm("down");
  await removeNetwork(homes);
});

/** A signer's daemon, as far as `GET /authorized_keys` goes: its answer names the home that it comes from. */
function answering(home: string): Background {
  const script = `require("http").createServer((_, answer) => answer.end('{"home":"${home}"}')).listen(8442, "127.0.0.1")`;
  return inHome(home, process.execPath, "-e", script);
}

function inHome(home: string, ...words: string[]): Background {
  const [enter, ...namespace] = inside(homeOf(home)) as [string, ...string[]];
  return start(enter, [...namespace, ...words]);
}

/** The listener's lines so far. */
async function log(): Promise<string[]> {
  const text = await stack.kubectl("logs", "deployment/signer-forwarder", "--container", "sshd");
  return text.split("\n").filter((line) => line !== "");
}

/** Waits for a line of the listener among those that are newer than the first `from`. */
function says(line: RegExp, from: number, seconds = 15): Promise<string> {
  return until(
    String(line),
    seconds,
    async () => (await log()).slice(from).find((text) => line.test(text)),
    async () => (await log()).slice(-20).join("\n"),
  );
}

/** Asks a signer as a baker does, from the cluster's node; gives the body of the answer. */
async function ask(signer: string, port: number): Promise<string> {
  const address = await stack.kubectl("get", "service", `signer-${signer}`, "--output", "jsonpath={.spec.clusterIP}");
  const [enter, ...node] = inside(testCluster.netns) as [string, ...string[]];
  const url = `http://${address.trim()}:${port}/authorized_keys`;
  return run(enter, [...node, "curl", "--silent", "--max-time", "5", url]).catch(String);
}

/** Waits until a signer's port is answered by some home, and gives how long that took. */
async function answers(signer: string, port: number, home: string, client: Background): Promise<number> {
  const began = Date.now();
  await until(
    `${home} answers for ${signer}`,
    20,
    async () => (await ask(signer, port)).includes(`"${home}"`),
    async () => `${client.output()}\n${(await log()).slice(-20).join("\n")}`,
  );
  return Date.now() - began;
}

/** Starts a stock ssh client in a home. */
async function dial(home: string, key = homeKey, words: readonly string[] = forwards): Promise<Background> {
  const [enter, base] = await sshWords(stack, home, key);
  const at = base.indexOf("ssh") + 1;
  return start(enter, [...base.slice(0, at), ...words, ...base.slice(at)]);
}

/** The same by autossh, with the port of its own watch, or 0 for none. */
async function autossh(watch: string): Promise<Background> {
  const [enter, base] = await sshWords(stack, "home", homeKey);
  const at = base.indexOf("ssh");
  const words = ["env", "AUTOSSH_GATETIME=0", "autossh", "-M", watch, ...forwards, ...base.slice(at + 1)];
  return start(enter, [...base.slice(0, at), ...words]);
}

/** Cuts a home's link without a word, or mends it. */
async function link(home: string, state: "up" | "down"): Promise<void> {
  await run("ip", ["-n", homeOf(home), "link", "set", "wan", state]);
  const via = `10.99.${homes.indexOf(home)}.1`;
  if (state === "up") await run("ip", ["-n", homeOf(home), "route", "replace", "default", "via", via]);
}

describe("a signer comes in with", () => {
  test("a stock OpenSSH client", async () => {
    const client = await dial("home");
    await answers("home", 8443, "home", client);
    await client.stop();
  });

  test("the stock OpenSSH client of Debian 13, whatever this machine's is", async () => {
    const folder = temporary("image-client");
    mkdirSync(folder, { recursive: true });
    const [enter, base] = await sshWords(stack, "home", homeKey);
    copyFileSync(temporary("key-home"), join(folder, "key"));
    copyFileSync(temporary(`${stack.name}-known-hosts`), join(folder, "known_hosts"));
    for (const file of ["key", "known_hosts"]) chownSync(join(folder, file), 10001, 10001);
    const at = base.indexOf("ssh");
    const seenAs = "/run/signer-forwarder";
    const words = base
      .slice(at + 1)
      .map((word) => (word === temporary("key-home") ? `${seenAs}/key` : word))
      .map((word) => word.replace(/^UserKnownHostsFile=.*/, `UserKnownHostsFile=${seenAs}/known_hosts`));
    const image = inImage(await imageRoot(), { [seenAs]: folder });
    const client = start(enter, [...base.slice(0, at), ...image, "ssh", ...forwards, ...words]);
    await answers("home", 8443, "home", client);
    await client.stop();
  });

  test("autossh that leaves the watch to ssh (-M 0)", async () => {
    const client = await autossh("0");
    await answers("home", 8443, "home", client);
    await client.stop();
  });

  test("dropbear, if it knows a key exchange of today (from 2025.87 on); an older one is told so, and so is the log", async () => {
    const folder = temporary("dropbear");
    mkdirSync(join(folder, ".ssh"), { recursive: true });
    await sshWords(stack, "home", homeKey);
    await run("dropbearconvert", ["openssh", "dropbear", temporary("key-home"), join(folder, "key")]);
    const { knownHosts, signerEndpoint } = await stack.outputs();
    // dropbear knows hosts by their name alone, whatever the port.
    writeFileSync(join(folder, ".ssh/known_hosts"), knownHosts);
    const words = [
      "-N",
      "-T",
      "-i",
      join(folder, "key"),
      "-p",
      String(signerEndpoint.port),
      "-R",
      "8443:127.0.0.1:8442",
    ];
    const from = (await log()).length;
    const host = `${signerEndpoint.user}@${signerEndpoint.host}`;
    const client = inHome("home", "env", `HOME=${folder}`, "dbclient", ...words, host);
    const version = Number(/v(\d{4}\.\d+)/.exec(await run("sh", ["-c", "dbclient -V 2>&1"]))?.[1]);
    if (version >= 2025.87) {
      await answers("home", 8443, "home", client);
    } else {
      await says(/refused .*no matching key exchange method found/, from);
      await until("it says why", 10, () => /No matching algo kex/.test(client.output()), client.output);
    }
    await client.stop();
  });
});

test("autossh with a watch of its own asks for a third port, and is refused in a line that names it", async () => {
  const from = (await log()).length;
  const client = await autossh("20000");
  assert.match(await says(/home: refused the forward /, from), /20000/);
  await client.stop();
});

describe("a session", () => {
  test("whose link died without a word is taken over from another address, on the first try", async () => {
    const older = await dial("home");
    await answers("home", 8443, "home", older);
    await link("home", "down");
    const from = (await log()).length;
    const newer = await dial("mobile");
    await answers("home", 8443, "mobile", newer);
    assert.equal(newer.output(), "", "it was refused nothing");
    await says(/home: an older session ends, the signer is back/, from);
    await newer.stop();
    await older.stop();
    await link("home", "up");
  });

  test("whose link died without a word ends by itself while bakers keep asking", async () => {
    const from = (await log()).length;
    const client = await dial("home");
    await answers("home", 8443, "home", client);
    await link("home", "down");
    const cut = Date.now();
    const asking = setInterval(() => void ask("home", 8443), 200);
    try {
      await says(/home: disconnected after/, from, 40);
    } finally {
      clearInterval(asking);
    }
    // The kernel gives up 10 s after the first byte that nobody acknowledged; sshd's own probes would wait for ever.
    assert.ok(Date.now() - cut < 20_000, `after ${Date.now() - cut} ms`);
    await client.stop();
    await link("home", "up");
  });

  test("is not ended by a stranger who offers the signer's public key", async () => {
    const client = await dial("home");
    await answers("home", 8443, "home", client);
    const from = (await log()).length;
    // What a stranger can have of the key is its public half.
    const [enter, base] = await sshWords(stack, "stranger", homeKey);
    copyFileSync(`${homeKey}.pub`, temporary("public-half.pub"));
    const offering = base.map((word) => (word === temporary("key-stranger") ? temporary("public-half.pub") : word));
    for (let i = 0; i < 10; i++) {
      const { code, output } = await ssh([enter, offering], ["-v", ...forwards]);
      assert.equal(code, 255);
      assert.match(output, /Server accepts key: /, "the offer is answered, as the protocol wants it");
      assert.match(output, /Permission denied/);
    }
    assert.match(await ask("home", 8443), /"home"/);
    const said = (await log()).slice(from);
    assert.deepEqual(
      said.filter((line) => /home: (connected|disconnected|an older session)/.test(line)),
      [],
    );
    assert.equal(client.child.exitCode, null);
    await client.stop();
  });

  test("starts while 200 strangers stand at the door, who do not bury it in the log", async () => {
    const from = (await log()).length;
    const { host, port } = (await stack.outputs()).signerEndpoint;
    const crowd = inHome("stranger", process.execPath, join(root, "testbed/strangers.ts"), host, String(port), "200");
    await until("they stand there", 20, () => crowd.output().includes("200 came"), crowd.output);
    const client = await dial("office", officeKey, officeForwards);
    const took = await answers("office", 8453, "office", client);
    assert.ok(took < 15_000, `${took} ms`);
    const said = (await log()).slice(from);
    assert.ok(said.length < 40, said.join("\n"));
    await crowd.stop();
    await client.stop();
  });
});

test("ssh-audit finds nothing to fail or to warn of", async () => {
  // From PyPI, because Debian 12's own does not know today's key exchanges.
  const folder = join(stateFolder, "tools", "ssh-audit-3.9.0");
  await run("python3", ["-m", "pip", "install", "--quiet", "--no-deps", "--target", folder, "ssh-audit==3.9.0"]);
  const { host, port } = (await stack.outputs()).signerEndpoint;
  const words = ["-m", "ssh_audit.ssh_audit", "--json", "--skip-rate-test", "--port", String(port), host];
  type Algorithm = { algorithm: string; notes: { fail?: string[]; warn?: string[] } };
  type Report = Record<"kex" | "key" | "enc" | "mac", Algorithm[]>;
  const env = { ...process.env, PYTHONPATH: folder };
  const report = JSON.parse(await run("python3", words, { env }).catch(String)) as Report;
  const algorithms = [...report.kex, ...report.key, ...report.enc, ...report.mac];
  assert.ok(algorithms.length > 5);
  assert.deepEqual(
    algorithms.filter(({ notes }) => notes.fail !== undefined || notes.warn !== undefined),
    [],
  );
});
