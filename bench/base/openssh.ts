import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../../local/machine/run.ts";
import type { Words } from "./programs.ts";

/** A client and a server of one version of OpenSSH, stock, and the user that the server runs as and signers log in as. */
export type OpenSsh = {
  readonly name: string;
  /** What `ssh -V` says. */
  readonly version: string;
  readonly client: Words;
  readonly server: Words;
  readonly user: string;
  readonly uid: number;
  /** Where its files are put, and where its programs find them. */
  readonly folder: string;
  readonly seenAs: string;
};

/** The user that the image has for it. */
const user = "signer";
const uid = 10001;

/** The OpenSSH of this machine. */
export async function machinesOpenSsh(folder: string): Promise<OpenSsh> {
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o755);
  // Its server shall run as the image's does, by an ordinary user, who is known to it alone.
  const passwd = join(folder, "passwd");
  const known = readFileSync("/etc/passwd", "utf8");
  writeFileSync(passwd, `${known}${user}:x:${uid}:${uid}::/nonexistent:/bin/false\n`);
  const start = `mount --bind ${passwd} /etc/passwd && exec setpriv --reuid=${uid} --regid=${uid} --clear-groups "$@"`;
  const server = ["unshare", "--mount", "sh", "-c", start, "sh", "/usr/sbin/sshd"];
  return describe({ client: ["ssh"], server, folder, seenAs: folder });
}

/** The OpenSSH of a root file system that is somewhere in a folder: the forwarder's image. */
export async function imagesOpenSsh(root: string): Promise<OpenSsh> {
  const seenAs = "/bench";
  const folder = join(root, seenAs);
  mkdirSync(folder, { recursive: true });
  const server = ["chroot", `--userspec=${uid}:${uid}`, root, "/usr/sbin/sshd"];
  return describe({ client: ["chroot", root, "ssh"], server, folder, seenAs });
}

async function describe(installed: Omit<OpenSsh, "name" | "version" | "user" | "uid">): Promise<OpenSsh> {
  const [program = "", ...words] = installed.client;
  // It says it on stderr.
  const said = await run("sh", ["-c", 'exec "$@" 2>&1', "sh", program, ...words, "-V"]);
  const version = said.trim();
  return { ...installed, user, uid, version, name: /OpenSSH_(\d+\.\d+)/.exec(version)?.[1] ?? version };
}

/** Makes a file that only one user can read, where programs of an OpenSSH find it; gives the path that they know. */
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
