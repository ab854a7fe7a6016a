import assert from "node:assert/strict";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { root } from "../local/machine/checkout.ts";
import { run } from "../local/machine/run.ts";
import { ensurePackages } from "../local/toolchain/debianPackages.ts";
import { stopAll, until } from "../testbed/background.ts";
import { forwards, homeClients, homeKey } from "../testbed/homeClients.ts";
import { homeOf, makeNetwork, removeNetwork, uplinkOf } from "../testbed/network.ts";
import { ssh, sshWords } from "../testbed/sshClient.ts";
import { Stack, temporary } from "../testbed/testStack.ts";

// A signer's session is admitted and kept: from another address, after a silent cut, and despite strangers.

const homes = ["home", "mobile", "office", "stranger"];
const stack = new Stack("e2e", 30022);
const { answering, inHome, log, says, ask, answers, dial, dialer } = homeClients(stack);
const officeKey = join(root, "signer-host/dev/keys/office/ssh_ecdsa");
const officeForwards = ["-N", "-o", "ExitOnForwardFailure=yes", "-R", "8453:127.0.0.1:8442"];

before(async () => {
  await ensurePackages(() => {}, ["curl"]);
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

/** Cuts a home's link silently for as long as something is done. */
async function withoutLink(home: string, does: () => Promise<void>): Promise<void> {
  const { gateway, near } = uplinkOf(homes.indexOf(home), 0);
  await run("ip", ["-n", homeOf(home), "link", "set", near, "down"]);
  try {
    await does();
  } finally {
    await run("ip", ["-n", homeOf(home), "link", "set", near, "up"]);
    await run("ip", ["-n", homeOf(home), "route", "replace", "default", "via", gateway]);
  }
}

describe("a session", () => {
  test("whose link died without a word is taken over from another address, on the first try", async () => {
    const older = await dial("home");
    await answers("home", 8443, "home", older);
    const from = (await log()).length;
    // The older session would end by itself 10 s after the cut.
    const dialNow = await dialer("mobile");
    await withoutLink("home", async () => {
      const newer = dialNow();
      await answers("home", 8443, "mobile", newer);
      assert.equal(newer.output(), "", "it was refused nothing");
      await says(/home: an older session ends, the signer is back/, from);
      await newer.stop();
      await older.stop();
    });
  });

  test("whose link died without a word ends by itself while bakers keep asking", async () => {
    const from = (await log()).length;
    const client = await dial("home");
    await answers("home", 8443, "home", client);
    await withoutLink("home", async () => {
      const cut = Date.now();
      const asking = setInterval(() => void ask("home", 8443), 200);
      try {
        await says(/home: disconnected after/, from, 40);
      } finally {
        clearInterval(asking);
      }
      // The kernel gives up 10 s after the first unacknowledged byte. sshd's own probes would wait for ever.
      assert.ok(Date.now() - cut < 20_000, `after ${Date.now() - cut} ms`);
      await client.stop();
    });
  });

  test("is not ended by a stranger who offers the signer's public key", async () => {
    const client = await dial("home");
    await answers("home", 8443, "home", client);
    const from = (await log()).length;
    // A stranger can only have the public half of the key.
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
    const { host, port } = (await stack.outputs()).signerEndpoints[0];
    const crowd = inHome(
      "stranger",
      process.execPath,
      join(root, "testbed/pendingConnections.ts"),
      host,
      String(port),
      "200",
    );
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
