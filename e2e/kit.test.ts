import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { after, before, test } from "node:test";
import { root } from "../local/machine/checkout.ts";
import { stopAll, until } from "../testbed/background.ts";
import { BootedHost } from "../testbed/bootedHost.ts";
import { heldAlerts } from "../testbed/heldAlerts.ts";
import { homeClients } from "../testbed/homeClients.ts";
import { makeNetwork, removeNetwork } from "../testbed/network.ts";
import { keepFirstDelegate } from "../testbed/stackBakers.ts";
import { Stack, temporary } from "../testbed/testStack.ts";

// A new user's way, with no other document than the guide: up, kit, apt install, the key's line into the config, up again.
// The signer's host is a real Debian that boots; only octez-signer is a stand-in. The other signer is the second device.

const homes = ["home", "office"];
const stack = new Stack("e2e-kit", 30112);
const { dial, inHome } = homeClients(stack);
const ledger = "2c97";
const secondsOfALevel = 6;
const kits = temporary("kits");

let host: BootedHost;
let file: string;

before(async () => {
  await makeNetwork(homes);
  mkdirSync(kits);
  stack.change((settings) => {
    keepFirstDelegate(settings.bakers, { signer: [...homes] });
    for (const signer of settings.signers) if (signer.name === "home") Reflect.deleteProperty(signer, "sshPublicKey");
  });
  await stack.npm("up");
  host = await BootedHost.boot("home", "bookworm");
});

after(async () => {
  await host?.stop();
  await stopAll();
  await stack.npm("down");
  await removeNetwork(homes);
});

/** The daemon of the host, as the unit runs it: octez-signer's stand-in, which takes octez-signer's words. */
function installOctezSigner(): void {
  const daemon = BootedHost.node("testbed/recordingDevice.ts");
  const words = "/opt/checkout/signer-host/dev/keys/home /var/lib/remote-signer/daemon/marks 8442 20";
  host.write("usr/local/bin/octez-signer", `#!/bin/sh\nexec ${daemon} ${words}\n`, 0o755);
  // Node compiles while it runs.
  const dropIn = "etc/systemd/system/remote-signer-daemon.service.d/stand-in.conf";
  host.write(dropIn, "[Service]\nMemoryDenyWriteExecute=no\n");
}

/** Makes a kit, copies it to the host and installs it. Returns what apt says. */
async function install(): Promise<string> {
  file = (await stack.npm("kit", "home", "--out", kits)).trim();
  host.write(`srv/${basename(file)}`, readFileSync(file));
  return host.sh(`apt-get install --yes /srv/${basename(file)}`);
}

const signedAtHome = async () => {
  const log = await host.sh("journalctl --unit remote-signer-daemon --output cat");
  return log.split("\n").filter((line) => line.includes('"digest"')).length;
};
const get = (path: string) => {
  const ask = `printf "GET ${path} HTTP/1.1\\r\\nHost: signer\\r\\nConnection: close\\r\\n\\r\\n" >&3`;
  return host.sh(`bash -c 'exec 3<>/dev/tcp/127.0.0.1/8443; ${ask}; cat <&3'`);
};
const metrics = () => stack.forwarder("page", "/metrics");
const journal = () => host.sh("journalctl --unit 'remote-signer-*' --no-pager --lines 60");

test("the installed host prints its key's line, and dials in vain until the stack has it", async () => {
  installOctezSigner();
  host.plugIn(ledger);
  const said = await install();
  const [, line] = /^ {4}sshPublicKey: (ssh-ed25519 \S+)$/m.exec(said) ?? [];
  assert.ok(line, said);
  await until("ssh says why", 20, async () => /Permission denied \(publickey\)/.test(await journal()), journal);
  stack.change((settings) => {
    for (const signer of settings.signers) if (signer.name === "home") signer.sshPublicKey = line;
  });
  await stack.npm("up");
  await until("the tunnel is up", 90, () => host.isActive("remote-signer-tunnel@0"), journal);
});

test("signatures flow through the tunnel and the wrapper, and every unit runs", async () => {
  await until("the device signs", 60, async () => (await signedAtHome()) > 3, journal);
  for (const unit of ["remote-signer-tunnel@0", "remote-signer-wrapper", "remote-signer-daemon"]) {
    assert.ok(await host.isActive(unit), unit);
  }
  const page = await get("/healthz");
  assert.match(page, /^signer_host_device_ready 1$/m);
  assert.match(page, /^signer_host_tunnel_up\{tunnel="remote-signer-tunnel@0\.service"\} 1$/m);
  assert.match(page, /^signer_host_info\{signer="home",stack="e2e-kit",version="[\d.]+"\} 1$/m);
});

test("a tunnel that ends is up again a second later, and its log has ssh's last words", async () => {
  await host.sh("systemctl kill --signal TERM remote-signer-tunnel@0");
  await until("it says so", 10, async () => /Transferred: sent \d+/.test(await journal()), journal);
  await until("it is up again", 10, () => host.isActive("remote-signer-tunnel@0"), journal);
});

test("the same kit again, and a newer one of the same stack, drop no tunnel", async () => {
  const process = () => host.sh("systemctl show --property MainPID remote-signer-tunnel@0 remote-signer-daemon");
  const before = await process();
  await host.sh(`apt-get install --yes --reinstall /srv/${basename(file)}`);
  await install();
  assert.equal(await process(), before);
});

test("a device that is pulled out gives the second one its turn, within a level", async () => {
  const second = inHome("office", process.execPath, ...recorder());
  const key = join(root, "signer-host/dev/keys/office/ssh_ecdsa");
  await dial("office", key, ["-N", "-o", "ExitOnForwardFailure=yes", "-R", "8453:127.0.0.1:8442"]);
  await until("the second signer is up", 30, async () =>
    /^signer_tunnel_up\{signer="office"\} 1$/m.test(await metrics()),
  );
  assert.doesNotMatch(second.output(), /digest/);
  const began = Date.now();
  host.pull();
  await until(
    "the forwarder knows",
    secondsOfALevel,
    async () => /^signer_device_ready\{signer="home"\} 0$/m.test(await metrics()),
    metrics,
  );
  const page = await metrics();
  const answer = await get("/authorized_keys");
  assert.match(answer, /^HTTP\/1\.[01] 503 /);
  assert.match(answer, /\{"device":"absent","since":"20/);
  assert.match(await host.sh("signer-host doctor || true"), /^bad +device .*absent/m);
  await until("the second device signs", secondsOfALevel, () => second.output().includes("digest"), journal);
  assert.ok(Date.now() - began < 2 * secondsOfALevel * 1000);
  const alerts = await heldAlerts([{ text: page }]);
  assert.ok(alerts.includes("DeviceCannotSign"), `${alerts}`);
});

function recorder(): string[] {
  const keys = join(root, "signer-host/dev/keys/home");
  return [join(root, "testbed/recordingDevice.ts"), keys, temporary("device-office"), "8442", "20"];
}

test("a removed kit leaves nothing that runs", async () => {
  await host.sh("apt-get purge --yes remote-signer-home");
  assert.equal(await host.sh("systemctl list-units --no-legend 'remote-signer-*'"), "");
  assert.equal(await host.sh("ls -d /etc/remote-signer /var/lib/remote-signer 2>/dev/null || true"), "");
});
