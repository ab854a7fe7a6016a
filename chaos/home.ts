import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { SignerEndpoint } from "../infra/signerForwarder.ts";
import { root } from "../local/machine/checkout.ts";
import { wrapperPort } from "../signer-host/package/wrapperConfig.ts";
import { fillSshConfig, sshHost } from "../signer-host/sshConfig.ts";
import { type Background, start, until } from "../testbed/background.ts";
import { homeOf, inside } from "../testbed/network.ts";
import { replaceFile } from "../testbed/replaceFile.ts";
import { temporary } from "../testbed/testStack.ts";
import type { Signature } from "./detector.ts";
import { Uplink } from "./uplink.ts";

/** The port of the signer daemon, as a kit has it. */
const daemonPort = 8442;
/** How long a signature takes, in ms. A Ledger's takes longer; here four keys ask thrice in 2 s. */
const signMs = 40;

/** What octez-signer answers for a Ledger whose app is closed (Octez 25.1, ledger.available.ml). */
const lockedWords = "Found no ledger corresponding to ledger://a-b-c-d/ed25519/0h/0h.";

/** What a home is made of. */
export type HomeSettings = {
  readonly name: string;
  readonly stack: string;
  /** Its place among the homes of the network. */
  readonly index: number;
  /** The folder with its ssh key and `tezos.json`. */
  readonly keys: string;
  /** Its ports at the forwarder: for signatures, and for the host's own ssh. */
  readonly port: number;
  readonly sshPort: number;
  readonly addresses: readonly string[];
  /** The program of the signer host. */
  readonly program: string;
};

/**
 * A signer's host: a device that writes down what it signs, its daemon behind the kit's own wrapper, and an ssh client for
 * each endpoint, which is started again a second after it has ended. Each client has an uplink of its own, and dials over
 * a relay that can be slow.
 */
export class Home {
  readonly name: string;
  readonly uplinks: Uplink[] = [];
  readonly #settings: HomeSettings;
  readonly #folder: string;
  #daemon: Background | undefined;
  #wrapper: Background | undefined;
  readonly #relays: Background[] = [];
  readonly #clients: Background[] = [];
  /** The number that the kernel has given its USB device. */
  #usbNumber = 0;
  /** What daemons that have ended said. */
  #said = "";
  #isOver = false;

  constructor(settings: HomeSettings) {
    this.name = settings.name;
    this.#settings = settings;
    this.#folder = temporary(`chaos-${settings.name}`);
  }

  async start(endpoints: readonly SignerEndpoint[], knownHosts: string): Promise<void> {
    rmSync(this.#folder, { recursive: true, force: true });
    for (const name of ["etc/remote-signer", "sys/bus/usb/devices", "marks"])
      mkdirSync(join(this.#folder, name), { recursive: true });
    writeFileSync(join(this.#folder, "known_hosts"), knownHosts);
    copyFileSync(join(this.#settings.keys, "ssh_ed25519"), join(this.#folder, "ssh_key"));
    chmodSync(join(this.#folder, "ssh_key"), 0o600);
    this.plugIn();
    this.startDaemon();
    this.#wrapper = this.#startWrapper();
    await until(
      `${this.name}: the wrapper listens`,
      20,
      () => /listening on/.test(this.#wrapper?.output() ?? ""),
      () => this.output(),
    );
    for (const [index, endpoint] of endpoints.entries()) {
      const uplink = new Uplink(this.#settings.index, index);
      this.uplinks.push(uplink);
      const words = [endpoint.host, String(endpoint.port), uplink.address];
      const relay = this.#inside("pipe", process.execPath, join(root, "chaos/relay.ts"), ...words);
      await until(`${this.name}: the relay listens`, 20, () => relay.output() !== "", relay.output);
      this.#relays.push(relay);
      void this.#keepDialled(endpoint, index);
    }
  }

  /** Starts the signer daemon with its device. */
  startDaemon(): void {
    const script = join(root, "testbed/recordingDevice.ts");
    const words = [this.#settings.keys, join(this.#folder, "marks"), String(daemonPort), String(signMs)];
    this.#daemon = this.#inside("ignore", process.execPath, script, ...words);
  }

  /** Kills the signer daemon, as a crash does. */
  async killDaemon(): Promise<void> {
    const daemon = this.#daemon as Background;
    daemon.child.kill("SIGKILL");
    await daemon.stop();
    this.#said += daemon.output();
  }

  /** Has the signer daemon hang, or go on. */
  hang(isHanging: boolean): void {
    this.#daemon?.child.kill(isHanging ? "SIGSTOP" : "SIGCONT");
  }

  /** Closes the device's app, or opens it: to the kernel it is another device then. */
  lock(isLocked: boolean): void {
    const file = join(this.#folder, "marks/locked");
    if (isLocked) replaceFile(file, lockedWords);
    else rmSync(file, { force: true });
    this.plugIn();
  }

  plugIn(): void {
    const device = join(this.#folder, "sys/bus/usb/devices/1-1");
    mkdirSync(device, { recursive: true });
    replaceFile(join(device, "devnum"), `${++this.#usbNumber}\n`);
    replaceFile(join(device, "idVendor"), "2c97\n");
  }

  unplug(): void {
    rmSync(join(this.#folder, "sys/bus/usb/devices/1-1"), { recursive: true, force: true });
  }

  /** Makes a round trip over an uplink take longer. */
  delay(uplink: number, roundTripMs: number): void {
    this.#relays[uplink]?.child.stdin?.write(`${roundTripMs}\n`);
  }

  /** Kills the ssh client that dials over an uplink. */
  killTunnel(uplink: number): void {
    this.#clients[uplink]?.child.kill("SIGKILL");
  }

  /** The host keys that its ssh clients know. */
  knownHosts(): string {
    return readFileSync(join(this.#folder, "known_hosts"), "utf8");
  }

  /** What the device has signed so far. */
  signatures(): Signature[] {
    return this.#deviceOutput()
      .split("\n")
      .filter((line) => line.startsWith('{"address"') && line.endsWith("}"))
      .map((line) => ({ device: this.name, ...(JSON.parse(line) as Omit<Signature, "device">) }));
  }

  /** What the device has refused so far, except for being locked. */
  refusals(): string[] {
    const texts = [...this.#deviceOutput().matchAll(/^\{"refused":(".*")\}$/gm)].map(([, text]) =>
      JSON.parse(text ?? ""),
    );
    return texts.filter((text) => text !== lockedWords).map((text) => `${this.name}: ${text}`);
  }

  #deviceOutput(): string {
    return `${this.#said}${this.#daemon?.output() ?? ""}`;
  }

  /** The last words of its programs, for an error. */
  output(): string {
    const all = [this.#wrapper, this.#daemon, ...this.#clients];
    return all.map((program) => program?.output().split("\n").slice(-6).join("\n")).join("\n");
  }

  /** Has its ssh clients not be started again. */
  end(): void {
    this.#isOver = true;
  }

  #inside(input: "ignore" | "pipe", ...words: string[]): Background {
    const [enter, ...namespace] = inside(homeOf(this.name)) as [string, ...string[]];
    return start(enter, [...namespace, ...words], process.env, input);
  }

  /** The wrapper finds its configuration and its USB devices where they are on a host: in mounts of its own. */
  #startWrapper(): Background {
    const { addresses, name, program, stack } = this.#settings;
    const config = {
      ...{ stack, signer: name, device: { kind: "ledger" }, answerSeconds: 5, keys: addresses },
      ...{ listen: `127.0.0.1:${wrapperPort}`, daemon: `http://127.0.0.1:${daemonPort}` },
      tunnels: ["remote-signer-tunnel@0.service"],
    };
    writeFileSync(join(this.#folder, "etc/remote-signer/wrapper.json"), JSON.stringify(config));
    const script = 'mount --bind "$1/etc" /etc && mount --bind "$1/sys" /sys && exec "$2" wrapper';
    const words = ["--mount", "--propagation=private", "sh", "-ec", script, "sh", this.#folder, program];
    return this.#inside("ignore", "unshare", ...words);
  }

  async #keepDialled(endpoint: SignerEndpoint, uplink: number): Promise<void> {
    while (!this.#isOver) {
      const client = this.#dial(endpoint, uplink);
      this.#clients[uplink] = client;
      const { child } = client;
      while (child.exitCode === null && child.signalCode === null) await sleep(50);
      await sleep(1000);
    }
  }

  /** An ssh client with the kit's settings, which dials the relay in the endpoint's place. */
  #dial(endpoint: SignerEndpoint, uplink: number): Background {
    const file = join(this.#folder, `ssh_config-${uplink}`);
    const { port, sshPort } = this.#settings;
    const filled = fillSshConfig(readFileSync(join(root, "signer-host/ssh_config"), "utf8"), {
      ...{ forwarder: endpoint, port, sshPort, localSignerPort: wrapperPort, localSshPort: 22 },
      ...{ identityFile: join(this.#folder, "ssh_key"), knownHostsFile: join(this.#folder, "known_hosts") },
    });
    writeFileSync(file, filled);
    return this.#inside("ignore", "ssh", "-F", file, "-o", "HostName=127.0.0.1", sshHost);
  }
}
