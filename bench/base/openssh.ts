import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../../local/machine/run.ts";
import type { Words } from "./programs.ts";

/**
 * The stock client and server of one OpenSSH version.
 * The server runs as `user`, and signers log in as that user.
 */
export type OpenSsh = {
  readonly name: string;
  /** The output of `ssh -V`. */
  readonly version: string;
  readonly client: Words;
  readonly server: Words;
  readonly user: string;
  readonly uid: number;
  /** The folder for its files. Its programs see that folder as `seenAs`. */
  readonly folder: string;
  readonly seenAs: string;
};

/** The image's user for sshd. */
const user = "signer";
const uid = 10001;

/** The OpenSSH of this machine. */
export async function machinesOpenSsh(folder: string): Promise<OpenSsh> {
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o755);
  // Its server must run as an ordinary user, as the image's does. Only this server sees that user.
  const passwd = join(folder, "passwd");
  const known = readFileSync("/etc/passwd", "utf8");
  writeFileSync(passwd, `${known}${user}:x:${uid}:${uid}::/nonexistent:/bin/false\n`);
  const start = `mount --bind ${passwd} /etc/passwd && exec setpriv --reuid=${uid} --regid=${uid} --clear-groups "$@"`;
  const server = ["unshare", "--mount", "sh", "-c", start, "sh", "/usr/sbin/sshd"];
  return describe({ client: ["ssh"], server, folder, seenAs: folder });
}

/** The OpenSSH of the forwarder's image, whose root file system is in a folder. */
export async function imagesOpenSsh(root: string): Promise<OpenSsh> {
  const seenAs = "/bench";
  const folder = join(root, seenAs);
  mkdirSync(folder, { recursive: true });
  const server = ["chroot", `--userspec=${uid}:${uid}`, root, "/usr/sbin/sshd"];
  return describe({ client: ["chroot", root, "ssh"], server, folder, seenAs });
}

async function describe(installed: Omit<OpenSsh, "name" | "version" | "user" | "uid">): Promise<OpenSsh> {
  const [program = "", ...words] = installed.client;
  // ssh prints its version to stderr.
  const said = await run("sh", ["-c", 'exec "$@" 2>&1', "sh", program, ...words, "-V"]);
  const version = said.trim();
  return { ...installed, user, uid, version, name: /OpenSSH_(\d+\.\d+)/.exec(version)?.[1] ?? version };
}

/** Writes a file that only one user can read, for an OpenSSH's programs. Returns the path by which they see it. */
export function secretFile(ssh: OpenSsh, name: string, content: string, uid = 0): string {
  const file = join(ssh.folder, name);
  writeFileSync(file, content, { mode: 0o600 });
  chmodSync(file, 0o600);
  chownSync(file, uid, uid);
  return join(ssh.seenAs, name);
}

/** A pair of ssh keys. */
export type KeyPair = { readonly secret: string; readonly public: string };

/** Makes a pair of ssh keys. */
export async function makeKeyPair(folder: string, name: string): Promise<KeyPair> {
  const file = join(folder, name);
  await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", file]);
  return { secret: readFileSync(file, "utf8"), public: readFileSync(`${file}.pub`, "utf8").trim() };
}
