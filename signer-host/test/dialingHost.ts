import { chmodSync, copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SignerEndpoint } from "../../infra/signerForwarder.ts";
import { stateFolder } from "../../local/machine/paths.ts";
import { run } from "../../local/machine/run.ts";
import { buildProgram } from "../../local/toolchain/go.ts";
import type { KitFacts } from "../package/kitFacts.ts";
import { packageFiles } from "../package/packageFiles.ts";
import { MockedBus } from "./mockedBus.ts";
import { succeeds, TestHost, until } from "./testHost.ts";

/** The Debian packages that it needs. */
export const packagesOfDialingHost = [
  "dbus-daemon",
  "iproute2",
  "openssh-client",
  "openssh-server",
  "python3-dbusmock",
  "systemd",
  "systemd-journal-remote",
  "util-linux",
];

const systemd = "org.freedesktop.systemd1";
const manager = "/org/freedesktop/systemd1";
const unit = "remote-signer-tunnel@0.service";
const unitPath = `${manager}/unit/remote_2dsigner_2dtunnel_400_2eservice`;

/** What stands in front of sshd, as in the forwarder: nobody is answered who has not greeted. */
const door = `require("net").createServer((client) => {
  client.once("data", (greeting) => {
    const sshd = require("net").connect(2223, "127.0.0.1");
    for (const [from, to] of [[client, sshd], [sshd, client]]) from.on("error", () => to.destroy()).pipe(to);
    sshd.write(greeting);
  });
}).listen(2222, "127.0.0.1")`;

/**
 * A signer host with the kit's files, whose forwarder is an sshd on its own loopback. systemd is a mock: the test dials as
 * the tunnel's unit does, and puts what ssh says into a journal.
 */
export class DialingHost {
  readonly host = new TestHost();
  readonly #bus = new MockedBus(this.host);
  readonly #facts: KitFacts;

  readonly #endpoint: SignerEndpoint;

  constructor(facts: KitFacts) {
    this.#facts = facts;
    this.#endpoint = facts.endpoints[0] as SignerEndpoint;
  }

  async start(): Promise<void> {
    const { host } = this;
    await buildProgram("./signer-host/wrapper", this.#program, join(stateFolder, "tools"), console.error);
    this.writeKit();
    host.write("etc/machine-id", "a".repeat(32));
    host.write("run/sshd/.keep", "");
    host.write("run/tunnel/.keep", "");
    await host.start();
    this.nameForwarder(true);
    // sshd lets only users log in that the machine has.
    const passwd = readFileSync(host.place("etc/passwd"), "utf8");
    host.write("etc/passwd", `${passwd.trimEnd()}\nsigner:*:4321:4321::/nonexistent:/bin/false`);
    await this.newKey("host_key");
    await this.newKey(`${this.#tunnel}/id_ed25519`);
    chmodSync(host.place(this.#tunnel), 0o700);
    this.knowForwarder();
    this.authorize(this.#facts.port, this.#facts.sshPort);
    const settings = {
      Port: 2223,
      ListenAddress: "127.0.0.1",
      HostKey: join(host.folder, "host_key"),
      PidFile: "none",
      AuthorizedKeysFile: "/run/authorized_keys",
      StrictModes: "no",
      UsePAM: "no",
    };
    host.write(
      "sshd_config",
      Object.entries(settings)
        .map((words) => words.join(" "))
        .join("\n"),
    );
    await this.#bus.start();
    await this.#startSystemd();
    await this.startForwarder();
    this.startWrapper();
    await this.dial();
  }

  stop(): Promise<void> {
    return this.host.stop();
  }

  /** Where every user of the host can run it. */
  get #program(): string {
    return this.host.place("run/signer-host");
  }

  readonly #tunnel = "state/remote-signer/tunnel";

  /** Writes the kit's files into /etc, and the program that dials. */
  writeKit(): void {
    for (const [path, file] of packageFiles(this.#facts)) {
      if (!("content" in file)) continue;
      if (path.startsWith("etc/")) writeFileSync(this.host.place(path), file.content);
      if (path.endsWith("/dial")) {
        writeFileSync(this.host.place("dial"), file.content, { mode: 0o755 });
      }
    }
  }

  /** Whether the host finds an address for the forwarder's name. */
  nameForwarder(isKnown: boolean): void {
    this.host.write("etc/hosts", `127.0.0.1 localhost${isKnown ? ` ${this.#endpoint.host}` : ""}`);
  }

  /** Makes an ssh key pair, in place of one that is there. */
  async newKey(name: string): Promise<void> {
    const file = this.host.place(name);
    for (const each of [file, `${file}.pub`]) rmSync(each, { force: true });
    await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", file]);
  }

  /** The path of this host's private key, on this machine. */
  get key(): string {
    return this.host.place(`${this.#tunnel}/id_ed25519`);
  }

  /** Writes known_hosts with the forwarder's key, or without a line. */
  knowForwarder(isKnown = true): void {
    const key = readFileSync(this.host.place("host_key.pub"), "utf8").trim();
    this.host.write(`${this.#tunnel}/known_hosts`, isKnown ? `${this.#endpoint.host} ${key}` : "");
  }

  /** Lets this host's key open forwards at some ports. */
  authorize(...ports: number[]): void {
    const key = readFileSync(`${this.key}.pub`, "utf8");
    const forwards = ports.map((port) => `permitlisten="${port}"`).join(",");
    this.host.write("run/authorized_keys", `restrict,port-forwarding,${forwards} ${key}`);
  }

  async startForwarder(): Promise<void> {
    this.host.background("forwarder", ["/usr/sbin/sshd", "-D", "-f", join(this.host.folder, "sshd_config")]);
    this.host.background("door", [process.execPath, "-e", door]);
    await until("the forwarder", () => this.#isOpen(this.#endpoint.port));
  }

  async stopForwarder(): Promise<void> {
    await this.host.signal("door", "KILL");
    await this.host.signal("forwarder", "KILL");
    await until("the end of the forwarder", async () => !(await this.#isOpen(this.#endpoint.port)));
    await this.#hangUp();
  }

  #isOpen(port: number): Promise<boolean> {
    return succeeds(this.host.run("bash", "-c", `exec 3<>/dev/tcp/127.0.0.1/${port}`));
  }

  startWrapper(): void {
    this.host.background("wrapper", ["/run/signer-host", "wrapper"], this.#environment);
  }

  get #environment(): NodeJS.ProcessEnv {
    const path = `/run/bin:${process.env.PATH}`;
    return { DBUS_SYSTEM_BUS_ADDRESS: this.#bus.address, PATH: path };
  }

  /** Starts a program of the host's folder `/run/bin`. */
  startOwn(name: string, ...words: string[]): void {
    this.host.background(name, [`/run/bin/${name}`, ...words]);
  }

  async #startSystemd(): Promise<void> {
    await this.#bus.mock(systemd, systemd, manager, `${systemd}.Manager`);
    await this.#bus.python(`
manager = mock("${systemd}", "${manager}")
manager.AddMethod("${systemd}.Manager", "LoadUnit", "s", "o", 'ret = "${unitPath}"')
none = dbus.Array([], signature="(ssss)")
manager.AddObject("${unitPath}", "${systemd}.Unit", {
    "LoadState": "loaded", "ActiveState": "inactive", "ActiveEnterTimestamp": dbus.UInt64(1795881600000000)}, none)
mock("${systemd}", "${unitPath}").AddProperties("${systemd}.Service", {
    "NRestarts": dbus.UInt32(3), "Environment": ["PORTS=${this.#endpoint.port}"]})`);
  }

  /** Tells the host's systemd the state of the tunnel's unit. */
  setUnit(state: "active" | "activating" | "inactive"): Promise<string> {
    const set = `.Set("${systemd}.Unit", "ActiveState", "${state}")`;
    return this.#bus.python(`properties("${systemd}", "${unitPath}")${set}`);
  }

  /** Dials as the unit does. Then the journal has what ssh said, and systemd knows whether the tunnel is up. */
  async dial(): Promise<void> {
    await this.#hangUp();
    const script = `RUNTIME_DIRECTORY=/run/tunnel PORTS=${this.#endpoint.port} "$0" 0 </dev/null >/run/tunnel/log 2>&1 && echo up`;
    const isUp = (await this.host.run("sh", "-c", `${script} || true`, join(this.host.folder, "dial"))) !== "";
    await this.#keep(readFileSync(this.host.place("run/tunnel/log"), "utf8"));
    await this.setUnit(isUp ? "active" : "activating");
  }

  /** Ends every ssh client of the host. */
  async #hangUp(): Promise<void> {
    const script =
      'for p in /proc/[0-9]*; do [ "$(cat $p/comm)" != ssh ] || kill "$(basename $p)"; done 2>/dev/null; true';
    await this.host.run("sh", "-c", script);
  }

  /** Makes a journal of the tunnel's unit. */
  async #keep(log: string): Promise<void> {
    const entries = log.split(/\r?\n/).map((line, index) => {
      const fields = {
        __REALTIME_TIMESTAMP: 1795881600000000 + index,
        __MONOTONIC_TIMESTAMP: index + 1,
        _BOOT_ID: "b".repeat(32),
        _SYSTEMD_UNIT: unit,
        MESSAGE: line,
      };
      return Object.entries(fields)
        .map((field) => `${field.join("=")}\n`)
        .join("");
    });
    const journal = this.host.place(`run/log/journal/${"a".repeat(32)}/system.journal`);
    rmSync(journal, { force: true });
    await run("/lib/systemd/systemd-journal-remote", [`--output=${journal}`, "-"], {
      input: `${entries.join("\n")}\n`,
    });
  }

  /** Puts a program into the host's folder `/run/bin`, which is first on its PATH. */
  install(name: string, text: string): void {
    const file = this.host.place(`run/bin/${name}`);
    writeFileSync(`${file}.new`, text);
    chmodSync(`${file}.new`, 0o755);
    copyFileSync(`${file}.new`, file);
    chmodSync(file, 0o755);
  }

  /** Runs the doctor with --json, and returns what it prints and its exit code. */
  async examine(user: "root" | "nobody" = "root"): Promise<{ readonly code: number; readonly output: string }> {
    const variables = Object.entries(this.#environment).map(([name, value]) => `${name}=${value}`);
    const script = 'code=0; "$@" || code=$?; echo; echo "code $code"';
    const as = ["setpriv", `--reuid=${user}`, "--clear-groups", "--"];
    const command = [...as, "env", ...variables, "sh", "-c", script, "sh", "/run/signer-host", "doctor", "--json"];
    const [, output = "", code = ""] = /^(.*)\ncode (\d+)\n$/s.exec(await this.host.run(...command)) ?? [];
    return { code: Number(code), output };
  }
}
