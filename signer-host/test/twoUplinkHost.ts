import { chmodSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { stateFolder } from "../../local/machine/paths.ts";
import { run } from "../../local/machine/run.ts";
import { buildProgram } from "../../local/toolchain/go.ts";
import type { KitFacts } from "../package/kitFacts.ts";
import { packageFiles } from "../package/packageFiles.ts";
import { TestHost } from "./testHost.ts";

/** The host's uplinks in the order of the kit. The first has the better default route. */
const uplinks = ["eth0", "wwan0"] as const;
/** The words that, put in front of a command, run it in a network namespace of the host. */
const inside = (namespace: string) => ["nsenter", `--net=/run/netns/${namespace}`, "--"];
const addressOf = (replica: number) => `198.51.100.${7 + replica}`;

/** A host and its signer, which answers each call with a word. */
const signer = `require("net").createServer((call) => call.on("error", () => {}).end("signed")).listen(8443, "127.0.0.1")`;

/** What systemd does for the unit of a tunnel: it starts ssh again, a second after each end. */
const unit = `while :; do ssh -v -F "$0" "signer-forwarder-$1"; echo "code $?" >&2; sleep 1; done`;

/**
 * A signer host with two uplinks to a provider, and behind that two replicas of a forwarder, which are sshd. The provider
 * takes packets from an uplink with that uplink's address alone, as providers do.
 */
export class TwoUplinkHost {
  readonly host = new TestHost();
  readonly facts: KitFacts;

  constructor(facts: Omit<KitFacts, "endpoints" | "uplinks">) {
    const endpoints = [0, 1].map((i) => ({ host: addressOf(i), port: 2222, alternatePorts: [], user: "signer" }));
    this.facts = { ...facts, endpoints, uplinks: [{ interface: "eth0" }, { interface: "wwan0", metered: true }] };
  }

  async start(): Promise<void> {
    const { host } = this;
    const program = host.place("run/signer-host");
    await buildProgram("./signer-host/wrapper", program, join(stateFolder, "tools"), console.error);
    await host.start();
    await this.#makeNetwork();
    const passwd = readFileSync(host.place("etc/passwd"), "utf8");
    host.write("etc/passwd", `${passwd.trimEnd()}\nsigner:*:4321:4321::/nonexistent:/bin/false`);
    host.write("run/sshd/.keep", "");
    const tunnel = "state/remote-signer/tunnel";
    for (const key of ["host_key", `${tunnel}/id_ed25519`]) {
      await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", host.place(key)]);
    }
    chmodSync(host.place(tunnel), 0o700);
    const hostKey = readFileSync(host.place("host_key.pub"), "utf8").trim();
    host.write(`${tunnel}/known_hosts`, [0, 1].map((i) => `${addressOf(i)} ${hostKey}`).join("\n"));
    const config = packageFiles(this.facts).get("etc/remote-signer/ssh_config");
    const text = config && "content" in config ? config.content : "";
    host.write("etc/remote-signer/ssh_config", text.replaceAll("/usr/bin/signer-host", "/run/signer-host"));
    host.write("run/authorized_keys", readFileSync(host.place(`${tunnel}/id_ed25519.pub`), "utf8"));
    host.background("signer", [process.execPath, "-e", signer]);
    for (const replica of [0, 1]) {
      const options = [`ListenAddress=${addressOf(replica)}:2222`, `HostKey=${host.place("host_key")}`, "PidFile=none"];
      options.push("AuthorizedKeysFile=/run/authorized_keys", "StrictModes=no", "UsePAM=no");
      // In place of the forwarder's door, which frees the ports of a session whose link is dead.
      options.push("ClientAliveInterval=1", "ClientAliveCountMax=2");
      const words = ["/usr/sbin/sshd", "-D", "-e", "-f", "none", ...options.flatMap((option) => ["-o", option])];
      host.background(`replica${replica}`, [...inside(`replica${replica}`), ...words]);
      host.background(`tunnel${replica}`, ["sh", "-c", unit, "/etc/remote-signer/ssh_config", `${replica}`], {
        SHELL: "/bin/sh",
      });
    }
  }

  stop(): Promise<void> {
    return this.host.stop();
  }

  async #makeNetwork(): Promise<void> {
    for (const name of ["provider", "replica0", "replica1"]) {
      await this.host.run("ip", "netns", "add", name);
      await this.#ip(name, "link set lo up");
    }
    await this.host.run(
      ...inside("provider"),
      "sysctl",
      "-qw",
      "net.ipv4.ip_forward=1",
      "net.ipv4.conf.all.rp_filter=1",
    );
    for (const replica of [0, 1]) {
      const far = `replica${replica}`;
      await this.#ip("provider", `link add cloud${replica} type veth peer name provider netns ${far}`);
      await this.#ip("provider", `address add 10.82.${replica}.1/24 dev cloud${replica}`);
      await this.#ip("provider", `link set cloud${replica} up`);
      await this.#ip("provider", `route add ${addressOf(replica)} via 10.82.${replica}.2`);
      await this.#ip(far, `address add 10.82.${replica}.2/24 dev provider`);
      await this.#ip(far, `address add ${addressOf(replica)}/32 dev lo`);
      await this.#ip(far, "link set provider up");
      await this.#ip(far, `route add default via 10.82.${replica}.1`);
    }
    for (const index of [0, 1]) await this.plugIn(index);
  }

  /** Runs `ip` for a network namespace. */
  async #ip(namespace: string, words: string): Promise<void> {
    await this.host.run("ip", "-n", namespace, ...words.split(" "));
  }

  /** Gives the host an uplink. Its first process, 1, stands for its network. */
  async plugIn(index: number): Promise<void> {
    const name = uplinks[index];
    await this.#ip("provider", `link add home${index} type veth peer name ${name} netns 1`);
    await this.#ip("provider", `address add 10.81.${index}.1/24 dev home${index}`);
    await this.#ip("provider", `link set home${index} up`);
    await this.host.run(
      "sh",
      "-ec",
      [
        `ip address add 10.81.${index}.2/24 dev ${name}`,
        `ip link set ${name} up`,
        `ip route add default via 10.81.${index}.1 dev ${name} metric ${100 + 500 * index}`,
      ].join("\n"),
    );
  }

  /** Takes an uplink away, as a stick that is pulled out. */
  async pull(index: number): Promise<void> {
    await this.host.run("ip", "link", "delete", uplinks[index] as string);
  }

  /** Loses every packet of an uplink, without a word. The host still has its route. */
  async cut(index: number): Promise<void> {
    await this.#ip("provider", `neighbour replace 10.81.${index}.2 lladdr 02:00:00:00:00:99 dev home${index}`);
    await this.host.run(...inside("provider"), "sysctl", "-qw", `net.ipv4.conf.home${index}.forwarding=0`);
  }

  async mend(index: number): Promise<void> {
    await this.#ip("provider", `neighbour delete 10.81.${index}.2 dev home${index}`);
    await this.host.run(...inside("provider"), "sysctl", "-qw", `net.ipv4.conf.home${index}.forwarding=1`);
  }

  /** Asks the signer through the tunnel to a replica. Returns how long that took, in ms. Throws if there is no answer. */
  async ask(replica: number): Promise<number> {
    const call = `exec 3<>/dev/tcp/127.0.0.1/${this.facts.port}; [ "$(timeout 5 cat <&3)" = signed ]`;
    const began = performance.now();
    await this.host.run(...inside(`replica${replica}`), "bash", "-ec", call);
    return performance.now() - began;
  }

  /** What ssh has said of a tunnel since the start. */
  log(replica: number): string {
    return readFileSync(this.host.place(`logs/tunnel${replica}`), "utf8");
  }

  /** The connections of ssh, each with the interface that its socket is bound to. */
  connections(): Promise<string> {
    return this.host.run("ss", "-tnoH", "state", "established", "dport", "=", ":2222");
  }
}
