import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cgroupRoots, removeCgroups } from "../local/cluster/cgroups.ts";
import { debianRoot, type HostRelease } from "../local/images/debianRoot.ts";
import { root as checkout } from "../local/machine/checkout.ts";
import { run } from "../local/machine/run.ts";
import { type Background, start, until } from "./background.ts";
import { homeOf, inside } from "./network.ts";

/** Where a booted host has this checkout and this Node, to run programs that stand in for others. */
const checkoutInside = "/opt/checkout";

/**
 * Boots in a network namespace: an own root, and own trees of processes, mounts and control groups, as a container has.
 * Its /sys is a folder of ours: `usb` of the host's folder is /sys/bus/usb/devices, so that a test can plug a device in.
 */
const boot = `
cd "$1"
mount --bind . .
cd "$1"
mount -t proc proc proc
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount -t tmpfs -o mode=755 tmpfs sys
mkdir -p sys/fs/cgroup sys/bus/usb/devices sys/class/power_supply
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount --bind "$2/usb" sys/bus/usb/devices
mount -o remount,ro sys
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=755 tmpfs dev
for device in null zero full random urandom tty; do
  touch dev/$device
  mount --bind /dev/$device dev/$device
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
mount -t tmpfs tmpfs dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
mkdir -p opt/checkout
mount --bind "$3" opt/checkout
mount -o remount,bind,ro opt/checkout
hostname signer
pivot_root . mnt
exec chroot . sh -c 'umount -l /mnt && exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin /usr/lib/systemd/systemd --show-status=false'
`;

/** For tests: a signer's host with a real Debian, whose systemd is booted behind the NAT of a signer's home. */
export class BootedHost {
  readonly #folder: string;
  readonly #cgroup: string;
  readonly #init: Background;
  /** The process of its systemd, as this machine sees it. */
  readonly #pid: string;

  private constructor(folder: string, cgroup: string, init: Background, pid: string) {
    this.#folder = folder;
    this.#cgroup = cgroup;
    this.#init = init;
    this.#pid = pid;
  }

  /** Boots a host in a signer's home. */
  static async boot(home: string, release: HostRelease): Promise<BootedHost> {
    const folder = mkdtempSync(join(tmpdir(), `host-${home}-`));
    const tree = join(folder, "root");
    await run("cp", ["--archive", "--reflink=auto", await debianRoot(release, console.error), tree]);
    mkdirSync(join(folder, "usb"));
    const cgroup = `remote-signer-cloud-host-${home}`;
    const [enter, ...namespace] = inside(homeOf(home)) as [string, ...string[]];
    const isolate = ["--mount", "--pid", "--fork", "--uts", "--ipc", "--cgroup", "--kill-child=SIGKILL"];
    const unshare = ["unshare", ...isolate, "--propagation=private", "sh", "-ec", boot, "sh", tree, folder, checkout];
    // A control group can only be the root of a namespace for a process that is in it.
    const joined = [
      "sh",
      "-ec",
      'echo $$ >"$1/cgroup.procs" && shift && exec "$@"',
      "sh",
      makeCgroup(cgroup),
      ...unshare,
    ];
    const init = start(enter, [...namespace, ...joined]);
    const pid = await until("the host has a first process", 10, () => childOf(init.child.pid), init.output);
    const host = new BootedHost(folder, cgroup, init, pid);
    await until("the host has booted", 60, () => host.hasBooted(), init.output);
    return host;
  }

  /** Runs a shell script on the host, and returns what it prints, errors included. Throws if it fails. */
  sh(script: string): Promise<string> {
    return run("nsenter", [...this.#enter, "sh", "-ec", `exec 2>&1\n${script}`], { env: environment });
  }

  get #enter(): string[] {
    return ["--target", this.#pid, "--all", "--root", "--wd", "--"];
  }

  /** The state of a unit. */
  async isActive(unit: string): Promise<boolean> {
    return (await this.sh(`systemctl is-active ${unit} || true`)).trim() === "active";
  }

  /** Puts a file onto the host. */
  write(path: string, content: string | Buffer, mode = 0o644): void {
    mkdirSync(join(this.#folder, "root", path, ".."), { recursive: true });
    writeFileSync(join(this.#folder, "root", path), content, { mode });
  }

  /** Plugs in a device of a USB vendor. */
  plugIn(vendor: string): void {
    const device = join(this.#folder, "usb/1-1");
    mkdirSync(device);
    writeFileSync(join(device, "idVendor"), `${vendor}\n`);
    writeFileSync(join(device, "idProduct"), "6015\n");
  }

  /** Pulls it out. */
  pull(): void {
    rmSync(join(this.#folder, "usb/1-1"), { recursive: true });
  }

  /** The command that runs a script of this checkout with Node on the host. */
  static node(script: string): string {
    const inside = (path: string) => path.replace(checkout, checkoutInside);
    return `${inside(process.execPath)} ${join(checkoutInside, script)}`;
  }

  private async hasBooted(): Promise<boolean> {
    const state = await this.sh("systemctl is-system-running || true").catch(String);
    return /^(running|degraded)$/m.test(state);
  }

  /** Ends it, and removes what it left. */
  async stop(): Promise<void> {
    await removeCgroups(this.#cgroup);
    await this.#init.stop();
    rmSync(this.#folder, { recursive: true });
  }
}

const environment = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" };

/** Makes a control group in the one tree of cgroup v2, and returns its folder. systemd of Debian 13 needs that version. */
function makeCgroup(name: string): string {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  const [root] = cgroupRoots(mounts.filter((line) => line.includes(" - cgroup2 ")).join("\n"));
  if (root === undefined) throw new Error("this machine: found no mount of cgroup2, wanted one");
  const folder = join(root, name);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** The one child of a process, once there is one. */
function childOf(pid: number | undefined): string | undefined {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ")[0] || undefined;
}
