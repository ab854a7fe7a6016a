import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { buildSignerHost } from "../deploy/kit/signerHostProgram.ts";
import { run } from "../local/machine/run.ts";
import { buildDebianPackage } from "../signer-host/package/debianPackage.ts";
import type { KitFacts } from "../signer-host/package/kitFacts.ts";
import { ledgerFacts } from "../signer-host/package/sampleFacts.ts";
import { start, stopAll, until } from "../testbed/background.ts";
import { BootedHost } from "../testbed/bootedHost.ts";
import { homeOf, inside } from "../testbed/network.ts";

// The kit's units as systemd runs them, with all their hardening, on a host with two uplinks. Each leads to a replica of the
// forwarder, which is sshd. No cluster is needed.

const home = "uplinks";
const uplinks = ["eth0", "wwan0"] as const;
const replicaOf = (index: number) => homeOf(`${home}-${index}`);
const folder = mkdtempSync(join(tmpdir(), "uplinks-"));
const authorized = join(folder, "authorized_keys");

let facts: KitFacts;
let host: BootedHost;
let made = 0;

before(async () => {
  await removeNetworks();
  for (const name of [homeOf(home), replicaOf(0), replicaOf(1)]) {
    await run("ip", ["netns", "add", name]);
    await ip(name, "link set lo up");
  }
  await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", join(folder, "host_key")]);
  writeFileSync(authorized, "");
  for (const index of [0, 1]) {
    await connect(index);
    await ip(replicaOf(index), `address add 198.51.100.${7 + index}/32 dev lo`);
    const options = [`ListenAddress=198.51.100.${7 + index}:2222`, `HostKey=${folder}/host_key`, "PidFile=none"];
    options.push(`AuthorizedKeysFile=${authorized}`, "StrictModes=no", "UsePAM=no", "ClientAliveInterval=2");
    const sshd = ["/usr/sbin/sshd", "-D", "-e", "-f", "none", ...options.flatMap((option) => ["-o", option])];
    const [enter, ...words] = [
      ...inside(replicaOf(index)),
      "sh",
      "-c",
      'mkdir -p /run/sshd && exec "$@"',
      "sh",
      ...sshd,
    ];
    start(enter as string, words);
  }
  const key = readFileSync(join(folder, "host_key.pub"), "utf8").trim();
  const endpoint = (index: number) => ({
    host: `198.51.100.${7 + index}`,
    port: 2222,
    alternatePorts: [],
    user: "root",
  });
  facts = {
    ...ledgerFacts,
    endpoints: [endpoint(0), endpoint(1)],
    uplinks: [{ interface: uplinks[0] }, { interface: uplinks[1], metered: true }],
    knownHosts: `198.51.100.7 ${key}\n198.51.100.8 ${key}\n`,
  };
  host = await BootedHost.boot(home, "bookworm");
});

after(async () => {
  await host?.stop();
  await stopAll();
  await removeNetworks();
  rmSync(folder, { recursive: true });
});

async function removeNetworks(): Promise<void> {
  for (const name of [homeOf(home), replicaOf(0), replicaOf(1)])
    await run("ip", ["netns", "delete", name]).catch(() => {});
}

async function ip(namespace: string, words: string): Promise<void> {
  await run("ip", ["-n", namespace, ...words.split(" ")]);
}

/** Gives the host an uplink, with a default route. The first one's is better. */
async function connect(index: number): Promise<void> {
  await ip(homeOf(home), `link add ${uplinks[index]} type veth peer name home netns ${replicaOf(index)}`);
  for (const [name, device, address] of [
    [replicaOf(index), "home", `10.81.${index}.1/24`],
    [homeOf(home), uplinks[index], `10.81.${index}.2/24`],
  ] as const) {
    await ip(name, `address add ${address} dev ${device}`);
    await ip(name, `link set ${device} up`);
  }
  await ip(homeOf(home), `route add default via 10.81.${index}.1 dev ${uplinks[index]} metric ${100 + 500 * index}`);
}

async function install(kit: KitFacts): Promise<void> {
  const target = join(folder, "kit.deb");
  const program = await buildSignerHost("amd64", "0.1.0", console.error);
  made += 1;
  await buildDebianPackage(
    kit,
    { architecture: "amd64", program, release: "0.1.0", epoch: 1_764_000_000 + made },
    target,
  );
  host.write("srv/kit.deb", readFileSync(target));
  await host.sh("apt-get install --yes /srv/kit.deb");
}

const journal = () => host.sh("journalctl --unit 'remote-signer-tunnel@*' --output cat --no-pager --lines 60");
const isUp = (index: number) => host.isActive(`remote-signer-tunnel@${index}`);

test("the hardened units bind each tunnel to its uplink", async () => {
  await install(facts);
  appendFileSync(authorized, await host.sh("cat /var/lib/remote-signer/tunnel/id_ed25519.pub"));
  for (const index of [0, 1]) await until(`tunnel ${index} is up`, 20, () => isUp(index), journal);
  const sockets = await host.sh("ss -tnoH state established dport = :2222");
  assert.match(sockets, /10\.81\.0\.2%eth0:\d+ +198\.51\.100\.7:2222 +timer:\(keepalive/);
  assert.match(sockets, /10\.81\.1\.2%wwan0:\d+ +198\.51\.100\.8:2222 +timer:\(keepalive/);
});

test("the doctor warns of a tunnel whose uplink is gone, and says that signing goes on", async () => {
  await host.sh("ip link delete wwan0 && systemctl --no-block restart remote-signer-tunnel@1");
  await until(
    "the reason in the log",
    20,
    async () => /uplink wwan0: found no such interface/.test(await journal()),
    journal,
  );
  assert.ok(await isUp(0));
  const text = await host.sh("signer-host doctor || true");
  assert.match(text, /^warning +uplink +there is no interface wwan0\n +cure: connect it/m);
  assert.match(
    text,
    /^warning +tunnel .*@1.*not up.*; signing goes on by remote-signer-tunnel@0\.service\n +cure: see uplink/m,
  );
  await connect(1);
  await until("tunnel 1 is up again", 20, () => isUp(1), journal);
});

test("a newer kit restarts tunnels one after the other, and stops those that it no longer has", async () => {
  await install({ ...facts, port: 8463, sshPort: 9463 });
  const log = await host.sh("journalctl --unit 'remote-signer-tunnel@*' --output cat --no-pager");
  const [, first = "", second = ""] =
    log
      .slice(log.lastIndexOf("Stopping remote-signer-tunnel@0"))
      .match(/^Stopping \S+@0[\s\S]*?(Started \S+@0)[\s\S]*?(Stopping \S+@1)/m) ?? [];
  assert.ok(first && second, log);
  const { uplinks: _, ...one } = facts;
  await install({ ...one, endpoints: facts.endpoints.slice(0, 1) });
  await until("tunnel 0 is up", 20, () => isUp(0), journal);
  assert.equal(await isUp(1), false);
});
