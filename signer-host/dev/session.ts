import { execFile } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { isOnPath } from "../../infra/facts/onPath.ts";
import { root } from "../../local/machine/checkout.ts";
import { fillSshConfig, sshHost } from "../sshConfig.ts";
import { Authorization } from "./authorization.ts";
import { startDaemon } from "./daemon.ts";
import { onSlowDevice } from "./device.ts";
import { findSshKey, readTezosKeys } from "./keys.ts";
import { takeLock } from "./lock.ts";
import type { Outputs } from "./outputs.ts";
import { Signing, type SigningEvents } from "./signing.ts";
import { type Status, StatusLine, type TunnelStatus } from "./status.ts";
import { keepTunnel } from "./tunnel.ts";
import { WatermarkStore } from "./watermarkStore.ts";

export type Session = {
  readonly name: string;
  readonly stack: string;
  readonly outputs: Outputs;
  readonly signer: Outputs["signers"][string];
  /** The folder of the signer's keys. Undefined for its development keys. */
  readonly keys: string | undefined;
  /** Whether its daemon signs the requests of the stack's bakers alone, by `signer.authorizedKeys`. */
  readonly requiresAuthentication: boolean;
  /** How long its device takes for each signature. 0: software keys without a device. */
  readonly deviceMs: number;
  /** The daemon's port on 127.0.0.1. 0: any free one. */
  readonly daemonPort: number;
  /** The port of this host's own sshd on 127.0.0.1. */
  readonly sshPort: number;
  readonly signal: AbortSignal;
};

/** Plays one signer until the signal. Throws if it cannot start. After that, it only reports problems. */
export async function runSigner(session: Session): Promise<void> {
  const { name, stack, outputs, signer, signal } = session;
  const folder = join(root, ".local/signers", stack, name);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const release = takeLock(join(folder, "lock"));
  try {
    const keyFolder = resolve(session.keys ?? join(import.meta.dirname, "keys", name));
    const softwareKeys = await readTezosKeys(keyFolder);
    const keys = session.deviceMs > 0 ? onSlowDevice(softwareKeys, session.deviceMs) : softwareKeys;
    const tunnels = outputs.signerEndpoints.map(
      ({ host, port }): TunnelStatus => ({
        forwarder: `${host.includes(":") ? `[${host}]` : host}:${port}`,
        tunnel: { is: "dialling", attempt: 1 },
        since: Date.now(),
      }),
    );
    const status: Status = { name, tunnels, signatures: 0 };
    const line = new StatusLine(process.stderr);
    const events: SigningEvents = {
      onSigned: (signed) => {
        Object.assign(status, { signatures: status.signatures + 1, last: signed, refusal: undefined });
      },
      onRefused: (message) => {
        status.refusal = message;
      },
    };
    const authorization = session.requiresAuthentication ? new Authorization(signer.authorizedKeys) : undefined;
    const signing = new Signing(keys, new WatermarkStore(folder), events, authorization);
    const daemon = await startDaemon(signing, session.daemonPort);
    const ticker = setInterval(() => line.show(status), 1000);
    try {
      const configs = writeSshFiles(folder, findSshKey(keyFolder), session, daemon.port);
      await Promise.all(configs.map(checkSshConfig));
      const kept = outputs.signerEndpoints.map(({ port, alternatePorts }, index) =>
        keepTunnel({
          commands: [port, ...alternatePorts].map((each) => [
            ...[...dyingWithUs(), "ssh", "-v", "-F", configs[index] as string],
            ...["-p", String(each), sshHost],
          ]),
          ports: [signer.port, signer.sshPort],
          onState: (tunnel) => {
            Object.assign(tunnels[index] as TunnelStatus, { tunnel, since: Date.now() });
            line.show(status);
          },
          signal,
        }),
      );
      await Promise.all(kept);
    } finally {
      clearInterval(ticker);
      await daemon.close();
      line.end();
    }
  } finally {
    release();
  }
}

/** Writes the files for ssh, and returns a config's path for each endpoint. Only this user can read them, as ssh demands of a key. */
function writeSshFiles(folder: string, sshKey: string, session: Session, localSignerPort: number): string[] {
  const file = (name: string, content: string): string => {
    const path = join(folder, name);
    writeFileSync(path, content, { mode: 0o600 });
    chmodSync(path, 0o600);
    return path;
  };
  const template = readFileSync(join(root, "signer-host/ssh_config"), "utf8");
  const same = {
    port: session.signer.port,
    sshPort: session.signer.sshPort,
    localSignerPort,
    localSshPort: session.sshPort,
    identityFile: file("ssh_key", readFileSync(sshKey, "utf8")),
    knownHostsFile: knownHosts(join(folder, "known_hosts"), session.outputs.knownHosts),
  };
  return session.outputs.signerEndpoints.map((forwarder, index) =>
    file(index === 0 ? "ssh_config" : `ssh_config-${index}`, fillSshConfig(template, { forwarder, ...same })),
  );
}

/**
 * Makes the known_hosts file contain the stack's lines. A file that has all of them is left alone: ssh has learned its
 * other lines from the forwarder (UpdateHostKeys), as on a real signer host.
 */
function knownHosts(path: string, lines: string): string {
  const present = existsSync(path) ? readFileSync(path, "utf8").split("\n") : [];
  if (!lines.split("\n").every((line) => present.includes(line))) {
    writeFileSync(path, lines, { mode: 0o600 });
  }
  return path;
}

/** Throws an Error if there is no ssh client, or if it is too old to understand the config (before 8.7). */
async function checkSshConfig(config: string): Promise<void> {
  try {
    await promisify(execFile)("ssh", ["-G", "-F", config, sshHost]);
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message: string };
    throw new Error(`ssh: found ${stderr?.trim() || message}, wanted an OpenSSH client, 8.7 or later`);
  }
}

/** The prefix that makes the kernel end ssh with us, even if we are killed. Empty if util-linux has no such program. */
function dyingWithUs(): string[] {
  return isOnPath("setpriv") ? ["setpriv", "--pdeathsig", "TERM"] : [];
}
