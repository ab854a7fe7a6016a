import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Background } from "../../testbed/background.ts";
import { type Ended, ended } from "../base/ended.ts";
import { type KeyPair, type OpenSsh, secretFile } from "../base/openssh.ts";
import { family, startSaying } from "../base/programs.ts";
import { cloudAddress, otherCloud } from "../rig/networks.ts";

/** An sshd with OpenSSH's defaults, in the second cloud. It is the usual server of an `ssh -R` that is run by hand. */
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
      // With the default, sshd would reject some of a hundred signers that dial at once, at random.
      "MaxStartups 500",
      ...(Number.parseFloat(ssh.name) >= 9.8 ? ["PerSourcePenalties no"] : []),
    ];
    writeFileSync(join(ssh.folder, "sshd_config"), `${settings.join("\n")}\n`);
  }

  get address(): { host: string; port: number } {
    return { host: cloudAddress, port: this.port };
  }

  /** Makes it accept the signers with these public keys, and no others. */
  allow(signers: readonly string[]): void {
    writeFileSync(join(this.ssh.folder, "authorized_keys"), signers.map((line) => `${line}\n`).join(""));
  }

  async start(): Promise<void> {
    const words = [...otherCloud, ...this.ssh.server, "-D", "-e", "-f", join(this.ssh.seenAs, "sshd_config")];
    this.#running = await startSaying(words, /Server listening/);
  }

  /** Its processes: the listening one, and those of each session. */
  pids(): number[] {
    const pid = this.#running?.child.pid;
    return pid === undefined ? [] : family(pid);
  }

  /** Kills it and its sessions. Unlike in a power failure, the clients are notified. */
  async kill(): Promise<void> {
    for (const pid of this.pids()) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // The process has already ended.
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

  /** Its output so far. */
  output(): string {
    return this.#running?.output() ?? "";
  }
}
