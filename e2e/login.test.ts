import assert from "node:assert/strict";
import { chownSync, copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { stateFolder } from "../local/machine/paths.ts";
import { run } from "../local/machine/run.ts";
import { ensurePackages } from "../local/toolchain/debianPackages.ts";
import { type Background, start, stopAll, until } from "../testbed/background.ts";
import { forwards, homeClients, homeKey } from "../testbed/homeClients.ts";
import { imageRoot, inImage } from "../testbed/imageRoot.ts";
import { makeNetwork, removeNetwork } from "../testbed/network.ts";
import { sshWords } from "../testbed/sshClient.ts";
import { Stack, temporary } from "../testbed/testStack.ts";

// Logins of the ssh clients that signers use, and the algorithms that the forwarder offers them.

const homes = ["home"];
const stack = new Stack("e2e", 30022);
const { answering, inHome, log, says, answers, dial } = homeClients(stack);

before(async () => {
  await ensurePackages(() => {}, ["autossh", "curl", "dropbear-bin", "python3", "python3-pip"]);
  stack.change((settings) => {
    settings.bakers = [];
  });
  await stack.npm("up");
  await makeNetwork(homes);
  answering("home");
});

after(async () => {
  await stopAll();
  await stack.npm("down");
  await removeNetwork(homes);
});

/** Starts autossh in the home, with the port of its own monitoring, or 0 for none. */
async function autossh(watch: string): Promise<Background> {
  const [enter, base] = await sshWords(stack, "home", homeKey);
  const at = base.indexOf("ssh");
  const words = ["env", "AUTOSSH_GATETIME=0", "autossh", "-M", watch, ...forwards, ...base.slice(at + 1)];
  return start(enter, [...base.slice(0, at), ...words]);
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
    const {
      knownHosts,
      signerEndpoints: [signerEndpoint],
    } = await stack.outputs();
    // dropbear identifies a host by its name alone, without the port.
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

test("ssh-audit finds nothing to fail or to warn of", async () => {
  // From PyPI, because Debian 12's package does not know today's key exchanges.
  const folder = join(stateFolder, "tools", "ssh-audit-3.9.0");
  await run("python3", ["-m", "pip", "install", "--quiet", "--no-deps", "--target", folder, "ssh-audit==3.9.0"]);
  const { host, port } = (await stack.outputs()).signerEndpoints[0];
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
