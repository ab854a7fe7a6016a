import assert from "node:assert/strict";
import { chmodSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { root } from "../../local/machine/checkout.ts";
import { ensurePackages } from "../../local/toolchain/debianPackages.ts";
import { readTezosKeys } from "../dev/keys.ts";
import { DialingHost, packagesOfDialingHost } from "./dialingHost.ts";
import { succeeds, until } from "./testHost.ts";

// Faults of a signer host, made for real one at a time: the doctor names each, and doing what it says mends it. The host
// has the kit's files, the real wrapper, OpenSSH and an sshd as its forwarder. octez-signer is the development signer.

const skip = process.getuid?.() !== 0 && "its host has mounts and a network of its own, which takes root";

type Finding = { readonly hop: string; readonly state: string; readonly found: string; readonly cure?: string };

/** A program that plays octez-signer with the development keys. A file says its version. */
const octezSigner = (state: string, version: string) => `#!${process.execPath}
if (process.argv.includes("--version")) {
  console.log("04d849eb (2026-07-20 09:00:00 +0000) (Octez ${version})");
} else {
  const dev = ${JSON.stringify(join(root, "signer-host/dev"))};
  Promise.all(["daemon", "keys", "signing", "watermarkStore"].map((name) => import(dev + "/" + name + ".ts"))).then(
    async ([{ startDaemon }, { readTezosKeys }, { Signing }, { WatermarkStore }]) => {
      const keys = await readTezosKeys(dev + "/keys/home");
      await startDaemon(new Signing(keys, new WatermarkStore(${JSON.stringify(state)})), 8442);
    });
}
`;
const kitOptions = ["--magic-bytes", "0x11,0x12,0x13", "--check-high-watermark", "--allow-list-known-keys"];
const usb = "sys/bus/usb/devices/1-1";

describe("signer-host doctor names the fault of a host, and its cure mends it:", { skip }, async () => {
  const keys = [...(await readTezosKeys(join(root, "signer-host/dev/keys/home"))).values()];
  const home = new DialingHost({
    stack: "test",
    signer: "home",
    device: { kind: "ledger" },
    answerSeconds: 5,
    endpoints: [{ host: "signers.example.org", port: 2222, alternatePorts: [], user: "signer" }],
    knownHosts: "",
    port: 8500,
    sshPort: 9500,
    keys: keys.map(({ alias, address, publicKey }) => ({ name: alias, address, publicKey })),
    authorizedKeys: [],
  });
  const { host } = home;

  async function examine(user: "root" | "nobody" = "root"): Promise<readonly Finding[]> {
    const { code, output } = await home.examine(user);
    const { healthy, hops } = JSON.parse(output) as { healthy: boolean; hops: Finding[] };
    const states = hops.map(({ state }) => state);
    assert.equal(code, states.includes("bad") ? 1 : states.includes("unknown") ? 2 : 0);
    assert.equal(healthy, code === 0);
    // This machine's clock and disk are not the test's.
    return hops.filter(({ hop }) => hop !== "clock" && hop !== "disk");
  }

  /** Asserts which hops are bad, and that what was found and the cures have these words. */
  async function bad(hops: readonly string[], ...words: (string | RegExp)[]): Promise<void> {
    const found = (await examine()).filter(({ state }) => state !== "ok");
    const text = found.map(({ hop, state, found, cure }) => `${hop} ${state}: ${found} -> ${cure}`).join("\n");
    assert.deepEqual(
      found.map(({ hop, state }) => `${hop} ${state}`),
      hops.map((hop) => `${hop} bad`),
      text,
    );
    for (const word of words)
      assert.ok(typeof word === "string" ? text.includes(word) : word.test(text), `${text}\n(${word})`);
  }

  async function healthy(): Promise<void> {
    let wrong: readonly Finding[] = [];
    const isHealthy = async () => {
      wrong = (await examine()).filter(({ state }) => state !== "ok");
      return wrong.length === 0;
    };
    await until("a healthy host", isHealthy, 10).catch(() => assert.deepEqual(wrong, []));
  }

  const installSigner = (version: string) =>
    home.install("octez-signer", octezSigner(join(host.folder, "marks"), version));
  const startSigner = (...options: string[]) => home.startOwn("octez-signer", "launch", "http", "signer", ...options);
  const plugIn = () => {
    host.write(`${usb}/idVendor`, "2c97");
    host.write(`${usb}/idProduct`, "5011");
  };
  const restartSigner = async (...options: string[]) => {
    await host.signal("octez-signer", "KILL");
    startSigner(...options);
  };

  before(async () => {
    await ensurePackages(console.error, packagesOfDialingHost);
    installSigner("25.1");
    plugIn();
    await home.start();
    startSigner(...kitOptions);
    await healthy();
  });
  after(() => home.stop());

  test("or says what only root may see", async () => {
    const found = (await examine("nobody")).filter(({ state }) => state !== "ok");
    assert.deepEqual(
      found.map(({ hop, state }) => `${hop} ${state}`),
      ["key unknown", "known_hosts unknown"],
    );
    for (const { cure } of found) assert.equal(cure, "run it as root: sudo signer-host doctor");
  });

  test("a wrapper.json with a mistake", async () => {
    const file = host.place("etc/remote-signer/wrapper.json");
    host.write("etc/remote-signer/wrapper.json", readFileSync(file, "utf8").replace('"ledger"', '"nano"'));
    await bad(["config"], 'device.kind: found "nano"', "install the kit again");
    home.writeKit();
    await healthy();
  });

  test("an ssh key that others can read", async () => {
    chmodSync(home.key, 0o644);
    await home.dial();
    await bad(["key", "tunnel"], "0644", "chmod 600");
    chmodSync(home.key, 0o600);
    await home.dial();
    await healthy();
  });

  test("an ssh key that is gone", async () => {
    for (const file of [home.key, `${home.key}.pub`]) rmSync(file);
    await home.dial();
    await bad(["key", "tunnel"], "there is no ", "That makes a key; give the stack its public line");
    await home.newKey("state/remote-signer/tunnel/id_ed25519");
    home.authorize(8500, 9500);
    await home.dial();
    await healthy();
  });

  test("a known_hosts without the forwarder", async () => {
    home.knowForwarder(false);
    await home.dial();
    await bad(["known_hosts", "tunnel"], "has no line for signers.example.org", "install the kit again");
    home.knowForwarder();
    await home.dial();
    await healthy();
  });

  test("a name that has no address", async () => {
    home.nameForwarder(false);
    await home.dial();
    await bad(["name", "tunnel"], "signers.example.org has no address", "name server");
    home.nameForwarder(true);
    await home.dial();
    await healthy();
  });

  test("a forwarder that is not there", async () => {
    await home.stopForwarder();
    await home.dial();
    await bad(["port", "tunnel"], "connection refused", "see that this network lets the port out");
    await home.startForwarder();
    await home.dial();
    await healthy();
  });

  test("a network that answers in the forwarder's place", async () => {
    await home.stopForwarder();
    const portal =
      'require("net").createServer((s) => s.on("error", () => {}).end("HTTP/1.1 302 Found\\r\\n\\r\\n")).listen(2222, "127.0.0.1")';
    host.background("portal", [process.execPath, "-e", portal]);
    await until("the portal", () => succeeds(host.run("bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/2222")));
    await home.dial();
    await bad(["port", "tunnel"], "wanted ssh's greeting");
    await host.signal("portal", "KILL");
    await home.startForwarder();
    await home.dial();
    await healthy();
  });

  test("a host key that has changed", async () => {
    await home.stopForwarder();
    await home.newKey("host_key");
    await home.startForwarder();
    await home.dial();
    await bad(["host key", "tunnel"], "another host key than known_hosts has, SHA256:", "hostKeyFingerprint");
    home.knowForwarder();
    await home.dial();
    await healthy();
  });

  test("a key that the stack does not know", async () => {
    host.write("run/authorized_keys", "");
    await home.dial();
    const [kind, key] = readFileSync(`${home.key}.pub`, "utf8").split(" ");
    await bad(["login", "tunnel"], "Permission denied", `sshPublicKey: ${kind} ${key?.trim()}`);
    home.authorize(8500, 9500);
    await home.dial();
    await healthy();
  });

  test("a port that is not this signer's", async () => {
    home.authorize(8600, 9600);
    await home.dial();
    await bad(["forwards", "tunnel"], "remote port forwarding failed for listen port 8500", "signers[].port");
    home.authorize(8500, 9500);
    await home.dial();
    await healthy();
  });

  test("a tunnel that is stopped", async () => {
    await home.setUnit("inactive");
    await bad(["tunnel"], "sudo systemctl start remote-signer-tunnel@0.service");
    await home.dial();
    await healthy();
  });

  test("a wrapper that does not run", async () => {
    await host.signal("wrapper", "KILL");
    const found = (await examine()).filter(({ state }) => state !== "ok");
    assert.deepEqual(
      found.map(({ hop, state }) => [hop, state]),
      [
        ["wrapper", "bad"],
        ["device", "unknown"],
      ],
    );
    assert.match(found[0]?.cure ?? "", /systemctl restart remote-signer-wrapper/);
    home.startWrapper();
    await healthy();
  });

  test("an octez-signer that does not run", async () => {
    await host.signal("octez-signer", "KILL");
    const found = (await examine()).filter(({ state }) => state !== "ok");
    assert.deepEqual(
      found.map(({ hop, state }) => [hop, state]),
      [
        ["options", "unknown"],
        ["daemon", "bad"],
      ],
    );
    assert.match(found[1]?.cure ?? "", /systemctl restart remote-signer-daemon/);
    startSigner(...kitOptions);
    await healthy();
  });

  test("an octez-signer that hangs", async () => {
    await host.signal("octez-signer", "STOP");
    await bad(["daemon"], "no answer within 5 s", "systemctl restart remote-signer-daemon");
    await restartSigner(...kitOptions);
    await healthy();
  });

  test("an octez-signer that is too old", async () => {
    installSigner("24.0");
    await bad(["version"], "octez-signer 24.0, wanted 25 or later", "install octez-signer 25");
    installSigner("25.1");
    await healthy();
  });

  test("an octez-signer that would sign anything, and twice", async () => {
    await restartSigner("--magic-bytes", "0x03,0x11,0x12,0x13");
    await until("octez-signer", () => succeeds(host.page("http://127.0.0.1:8442/authorized_keys")));
    await bad(["options"], "0x03", "and --check-high-watermark", "systemctl cat remote-signer-daemon");
    await restartSigner(...kitOptions);
    await healthy();
  });

  test("a key that octez-signer does not know", async () => {
    const [office] = (await readTezosKeys(join(root, "signer-host/dev/keys/office"))).keys();
    const [known, other] = [keys[0]?.address ?? "", office ?? ""];
    const file = host.place("etc/remote-signer/wrapper.json");
    host.write("etc/remote-signer/wrapper.json", readFileSync(file, "utf8").replace(known, other));
    await bad(["keys"], other, "import the key on this host");
    home.writeKit();
    await healthy();
  });

  test("a Ledger that is unplugged", async () => {
    rmSync(host.place(usb), { recursive: true });
    await until(
      "the wrapper's word",
      async () => (await host.page("http://127.0.0.1:8443/authorized_keys")).status === 503,
    );
    await bad(["device"], "is absent since 20", "plug the device in");
    plugIn();
    await healthy();
  });
});
