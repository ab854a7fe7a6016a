import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { runFolder } from "../machine/paths.ts";
import { run } from "../machine/run.ts";
import type { Layout } from "./layout.ts";

/**
 * Each cluster lives in its own network and mount namespaces. So the host's firewall, ports and mount table stay as
 * they are, clusters stay separate, and the kernel's objects for a cluster go when its namespaces go.
 */

/**
 * Folders whose path is fixed in the kubelet, containerd or the CNI library. Inside its namespace, each cluster has its
 * own. So ours never share them with a Kubernetes or containerd that the host runs for other purposes.
 */
const fixedFolders = ["/run/containerd", "/var/lib/kubelet", "/var/lib/cni", "/var/log/containers"];

const madeFolders = join(runFolder, "made-folders");

const nsfs = 0x6e736673;

function isNamespace(file: string): boolean {
  try {
    return statfsSync(file).type === nsfs;
  } catch {
    return false;
  }
}

export function namespacesExist(layout: Layout): boolean {
  return isNamespace(layout.netnsFile) && isNamespace(layout.mountNamespaceFile);
}

/** An id that tells these namespaces from earlier ones of the same name. */
export function namespacesId(layout: Layout): string {
  return [layout.netnsFile, layout.mountNamespaceFile].map((file) => statSync(file).ino).join(" ");
}

/** The prefix that makes a command run inside the namespaces. */
export function enter(layout: Layout): string[] {
  // `ip netns exec` would give each process separate mounts, and the kubelet would not see containerd's.
  return ["nsenter", `--net=${layout.netnsFile}`, `--mount=${layout.mountNamespaceFile}`, "--"];
}

export async function makeNamespaces(layout: Layout): Promise<void> {
  refuseForeignNetwork(layout);
  await makeNetwork(layout);
  await makeMounts(layout);
}

function refuseForeignNetwork(layout: Layout): void {
  for (const [name, addresses] of Object.entries(networkInterfaces())) {
    const clash = addresses?.find((address) => address.family === "IPv4" && address.address === layout.hostAddress);
    if (clash) {
      throw new Error(
        `network interface ${name}: found address ${clash.address}, wanted it free: the local cluster ${layout.name} needs ${layout.hostAddress}/30`,
      );
    }
  }
}

async function makeNetwork(layout: Layout): Promise<void> {
  const { netns, link, hostAddress, nodeAddress } = layout;
  await run("ip", ["netns", "add", netns]);
  await run("ip", ["link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", netns]);
  await run("ip", ["address", "add", `${hostAddress}/30`, "dev", link]);
  await run("ip", ["link", "set", link, "up"]);
  // No default route: pods have no way out, so that a development cluster can never bake on a real network.
  const inside = [
    "link set lo up",
    "link set eth0 up",
    `address add ${nodeAddress}/30 dev eth0`,
    // The node's own connections to Services need some route before kube-proxy's rules can redirect them.
    `route add ${layout.serviceCidr} dev eth0 src ${nodeAddress}`,
  ];
  await run("ip", ["-netns", netns, "-batch", "-"], { input: `${inside.join("\n")}\n` });
  await run("nsenter", [`--net=${layout.netnsFile}`, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"]);
}

async function makeMounts(layout: Layout): Promise<void> {
  mkdirSync(layout.run, { recursive: true });
  // The kernel lets a file hold a mount namespace only on a mount that is not shared with other namespaces.
  await run("mount", ["--bind", layout.run, layout.run]);
  await run("mount", ["--make-private", layout.run]);
  writeFileSync(layout.mountNamespaceFile, "");
  makeFixedFolders();
  const binds = fixedFolders.map((folder, index) => {
    const own = join(layout.run, `private-${index}`);
    mkdirSync(own, { recursive: true });
    return `mount --bind ${own} ${folder}`;
  });
  await run("unshare", [
    `--mount=${layout.mountNamespaceFile}`,
    "--propagation=slave",
    "sh",
    "-ec",
    // Pods that ask for mount propagation need a shared tree, as on any Kubernetes node.
    [...binds, "mount --make-rshared /"].join("\n"),
  ]);
}

/** Removes the namespaces of a cluster whose processes have ended, complete or not, and all of its mounts. */
export async function removeNamespaces(layout: Layout): Promise<void> {
  for (const point of mountsBelow(readFileSync("/proc/self/mountinfo", "utf8"), [layout.run, layout.state])) {
    await run("umount", ["--lazy", point]);
  }
  if (existsSync(`/sys/class/net/${layout.link}`)) await run("ip", ["link", "delete", layout.link]);
  if (existsSync(layout.netnsFile)) await run("ip", ["netns", "delete", layout.netns]);
}

/** The mount points in or below some folders, the innermost first, from the text of /proc/self/mountinfo. */
export function mountsBelow(mountinfo: string, folders: readonly string[]): string[] {
  return mountinfo
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "")
    .map((point) => point.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8))))
    .filter((point) => folders.some((folder) => point === folder || point.startsWith(`${folder}/`)))
    .reverse();
}

/** Makes the fixed folders that the host lacks, and notes them so that they can go with the last cluster. */
function makeFixedFolders(): void {
  const made = fixedFolders.filter((folder) => !existsSync(folder));
  for (const folder of made) mkdirSync(folder, { recursive: true });
  if (made.length > 0) appendFileSync(madeFolders, made.map((folder) => `${folder}\n`).join(""));
}

/** Removes the folders that `makeFixedFolders` made. Call it only when no cluster has mounts on them any more. */
export function removeFixedFolders(): void {
  if (!existsSync(madeFolders)) return;
  for (const folder of readFileSync(madeFolders, "utf8").split("\n").filter(Boolean)) {
    try {
      rmdirSync(folder);
    } catch {
      // Another program uses it by now.
    }
  }
  rmSync(madeFolders);
}
