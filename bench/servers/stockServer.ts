import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Background } from "../../testbed/background.ts";
import { type Ended, ended } from "../base/ended.ts";
import { type KeyPair, type OpenSsh, secretFile } from "../base/openssh.ts";
import { family, startSaying } from "../base/programs.ts";
import { cloudAddress, otherCloud } from "../rig/networks.ts";

/** The server of an OpenSSH with its own defaults, in the second cloud: what whoever runs `ssh -R` by hand has at the other end. */
export class StockServer {
  readonly port: number;
  readonly ssh: OpenSsh;
  readonly hostKey: KeyPair;
  #running: Background | undefined;

  constructor(ssh: OpenSsh, port: number, hostKey: KeyPair, signers: readonly string[]) {
    this.ssh = ssh;
    this.port = port;
    this.hostKey = hostKey;
    this.allow(signers);
    const settings = [
      `ListenAddress ${cloudAddress}:${port}`,
      `HostKey ${secretFile(ssh, "host_key", hostKey.secret, ssh.uid)}`,
      `AuthorizedKeysFile ${join(ssh.seenAs, "authorized_keys")}`,
      "PidFile none",
      "StrictModes no",
      "UsePAM no",
      // By default a hundred signers that dial at once would be refused at random.
      "MaxStartups 500",
      ...(Number.parseFloat(ssh.name) >= 9.8 ? ["PerSourcePenalties no"] : []),
    ];
    writeFileSync(join(ssh.folder, "sshd_config"), `${settings.join("\n")}\n`);
  }

  get address(): { host: string; port: number } {
    return { host: cloudAddress, port: this.port };
  }

  /** Has it let in the signers with these public keys, and no others. */
  allow(signers: readonly string[]): void {
    writeFileSync(join(this.ssh.folder, "authorized_keys"), signers.map((line) => `${line}\n`).join(""));
  }

  async start(): Promise<void> {
    const words = [...otherCloud, ...this.ssh.server, "-D", "-e", "-f", join(this.ssh.seenAs, "sshd_config")];
    this.#running = await startSaying(words, /Server listening/);
  }

  /** Its processes: the one that listens, and those of each session. */
  pids(): number[] {
    const pid = this.#running?.child.pid;
    return pid === undefined ? [] : family(pid);
  }

  /** Ends it and its sessions at once, as when a machine loses its power, but that the other side is told. */
  async kill(): Promise<void> {
    for (const pid of this.pids()) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It has ended by itself.
      }
    }
    await this.#running?.stop();
  }

  restart(): Promise<Ended> {
    return ended(
      () => this.kill(),
      () => this.start(),
    );
  }

  /** What it has said. */
  output(): string {
    return this.#running?.output() ?? "";
  }
}
