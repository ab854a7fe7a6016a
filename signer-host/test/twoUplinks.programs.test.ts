import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ensurePackages } from "../../local/toolchain/debianPackages.ts";
import { ledgerFacts } from "../package/sampleFacts.ts";
import { succeeds, until } from "./testHost.ts";
import { TwoUplinkHost } from "./twoUplinkHost.ts";

// Real ssh with the kit's ssh_config and the program that dials for it, by two uplinks to two replicas, which are sshd.

const skip = process.getuid?.() !== 0 && "its host has mounts and a network of its own, which takes root";

describe("with a tunnel by each of two uplinks,", { skip }, () => {
  const home = new TwoUplinkHost(ledgerFacts);
  const isUp = (replica: number) => succeeds(home.ask(replica));

  before(async () => {
    await ensurePackages(console.error, ["iproute2", "openssh-client", "openssh-server", "util-linux"]);
    await home.start();
    for (const replica of [0, 1]) {
      await until(`tunnel ${replica}`, () => isUp(replica)).catch(() => assert.fail(home.log(replica)));
    }
  });
  after(() => home.stop());

  test("each tunnel is bound to its own, whatever the default route", async () => {
    const lines = (await home.connections()).trim().split("\n");
    const ends = lines.map((line) => /(\S+) +198\.51\.100\.(\d+):2222/.exec(line)?.slice(1));
    assert.deepEqual(ends.map((end) => [end?.[1], end?.[0]?.replace(/:\d+$/, "")]).sort(), [
      ["7", "10.81.0.2%eth0"],
      ["8", "10.81.1.2%wwan0"],
    ]);
    // ssh owns the sockets: no program copies between them.
    // A dialer that has ended has no command line. It may stay: a host's first process waits for orphans, and this one's doesn't.
    const running =
      'for each in /proc/[0-9]*; do grep -qs . "$each/cmdline" && cat "$each/comm"; done 2>/dev/null || true';
    const programs = await home.host.run("sh", "-c", running);
    assert.doesNotMatch(programs, /^signer-host$/m);
  });

  test("a silent cut of one costs the other nothing, and ends after 6 s", async () => {
    const tookUsually = await slowest(10);
    await home.cut(0);
    const began = Date.now();
    let slowestAsk = 0;
    while (!/Timeout, server .* not responding/.test(home.log(0))) {
      slowestAsk = Math.max(slowestAsk, await home.ask(1));
      assert.ok(Date.now() - began < 12_000, home.log(0));
      await sleep(50);
    }
    assert.ok(Date.now() - began > 3000);
    assert.ok(slowestAsk < 500, `took ${slowestAsk} ms, and ${tookUsually} ms before`);
    assert.equal(await isUp(0), false);
    await home.mend(0);
    // A call that began while the uplink was cut has its own limit.
    await until("the tunnel by the mended uplink", () => isUp(0), 25).catch(() => assert.fail(home.log(0)));
  });

  test("one that is pulled out stops its own tunnel, which says why each second and comes back", async () => {
    const calls = () => home.log(1).split("uplink wwan0: found no such interface").length - 1;
    await home.pull(1);
    // ssh has no word of it before its probes end.
    await until("the reason in the log", () => calls() >= 3, 45).catch(() => assert.fail(home.log(1)));
    assert.ok(await isUp(0));
    await home.plugIn(1);
    await until("the tunnel by the new uplink", () => isUp(1), 10).catch(() => assert.fail(home.log(1)));
    assert.ok(await isUp(0));
  });

  async function slowest(times: number): Promise<number> {
    const took: number[] = [];
    for (let i = 0; i < times; i++) took.push(await home.ask(1));
    return Math.max(...took);
  }
});
