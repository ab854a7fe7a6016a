import { readFileSync } from "node:fs";
import { join } from "node:path";
import { sshPortOf } from "../../infra/names/ports.ts";
import { root } from "../../local/machine/checkout.ts";
import { keepTunnel } from "../../signer-host/dev/tunnel.ts";
import { fillSshConfig, sshHost } from "../../signer-host/sshConfig.ts";
import { onExit } from "../base/cleanup.ts";
import { type OpenSsh, secretFile } from "../base/openssh.ts";
import type { Words } from "../base/programs.ts";
import type { Address } from "./link.ts";

/** The settings of a signer's ssh: the server with its identity, and the port to open there. */
export type Dial = {
  readonly name: string;
  readonly ssh: OpenSsh;
  /** The words that run the client in its network. */
  readonly place: Words;
  readonly server: Address & { readonly user: string; readonly hostKey: string };
  /** The signer's private ssh key. */
  readonly secret: string;
  readonly port: number;
  /** Seconds between the client's probes, if they are not those of signer-host/ssh_config. */
  readonly probes?: number;
  /** The port of the signer's daemon. */
  readonly localPort: number;
};

/** The command of a stock ssh client with the settings of signer-host/ssh_config, for any server. */
function dialWords({ name, ssh, place, server, secret, port, localPort, probes }: Dial): Words {
  const [type, base64] = server.hostKey.split(" ");
  const config = fillSshConfig(readFileSync(join(root, "signer-host/ssh_config"), "utf8"), {
    forwarder: server,
    port,
    sshPort: sshPortOf(port),
    localSignerPort: localPort,
    localSshPort: 22,
    identityFile: secretFile(ssh, `${name}.key`, secret),
    knownHostsFile: secretFile(ssh, `${name}.known_hosts`, `${server.host} ${type} ${base64}\n`),
  });
  const options = probes === undefined ? [] : ["-o", `ServerAliveInterval=${probes}`];
  return [...place, ...ssh.client, "-v", ...options, "-F", secretFile(ssh, `${name}.config`, config), sshHost];
}

/** A signer's ssh. As on a signer's host, it restarts one second after it has ended. */
export class Tunnel {
  readonly #name: string;
  readonly #ended: Promise<void>;
  readonly #stop = new AbortController();
  #connected: number | undefined;
  #failed = "";
  #dials = 0;

  constructor(dial: Dial) {
    this.#name = dial.name;
    this.#ended = keepTunnel({
      commands: [["setpriv", "--pdeathsig", "TERM", "--", ...dialWords(dial)]],
      ports: [dial.port, sshPortOf(dial.port)],
      onState: (state) => {
        this.#connected = state.is === "connected" ? Date.now() : undefined;
        if (state.is === "dialling") this.#dials++;
        if (state.is === "dialling" && state.failed) this.#failed = state.failed.reason;
      },
      signal: this.#stop.signal,
    });
    onExit(`the tunnel of ${dial.name}`, () => this.close());
  }

  /** The time when it got its ports, in milliseconds since 1970, or undefined while it has none. */
  get since(): number | undefined {
    return this.#connected;
  }

  /** The number of times that it has dialled. */
  get dials(): number {
    return this.#dials;
  }

  /** Waits until it has ports that it got at `after` or later. Returns the time when it got them. */
  async connected(seconds: number, after = 0): Promise<number> {
    const end = Date.now() + seconds * 1000;
    while (this.#connected === undefined || this.#connected < after) {
      if (Date.now() > end) throw new Error(`${this.#name}: no tunnel within ${seconds} s: ${this.#failed}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return this.#connected;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }
}
