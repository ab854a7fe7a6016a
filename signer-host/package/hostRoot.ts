import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { debianRoot, type HostRelease } from "../../local/images/debianRoot.ts";
import { run } from "../../local/machine/run.ts";

/** For tests: the root file system of a signer host that is not booted. */
export class HostRoot {
  /** Where it is on this machine. */
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Makes one with a release of Debian, and nothing of ours in it. */
  static async make(release: HostRelease): Promise<HostRoot> {
    const path = mkdtempSync(join(tmpdir(), `host-${release}-`));
    await run("cp", ["--archive", "--reflink=auto", `${await debianRoot(release, console.error)}/.`, path]);
    return new HostRoot(path);
  }

  /** Runs a shell script in it, and returns what it prints, errors included. Throws if it fails. */
  async sh(script: string): Promise<string> {
    const mounts = [`mount -t proc proc '${this.path}/proc'`, `mount --rbind /dev '${this.path}/dev'`];
    const enter = [...mounts, `exec chroot '${this.path}' sh -ec "$1" 2>&1`].join("\n");
    const words = [
      "--mount",
      "--pid",
      "--fork",
      "--kill-child",
      "--propagation=private",
      "sh",
      "-ec",
      enter,
      "sh",
      script,
    ];
    const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" };
    // apt gives dpkg a terminal.
    return (await run("unshare", words, { env })).replaceAll("\r\n", "\n");
  }

  remove(): void {
    rmSync(this.path, { recursive: true });
  }
}
