import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { forwarderImage } from "../deploy/cluster/ownImages.ts";
import { buildah } from "../local/images/buildah.ts";
import type { Image } from "../local/images/images.ts";
import { withLock } from "../local/machine/machineLock.ts";
import { runFolder, stateFolder } from "../local/machine/paths.ts";
import { run } from "../local/machine/run.ts";

const folder = join(stateFolder, "image-roots");

/** The mount points of the pod's volumes. */
const volumePaths = ["/etc/signer-forwarder", "/etc/ssh/host-key", "/run/signer-forwarder"];

/** Returns a folder with the root file system of the signer forwarder's image. Each built image is unpacked once. */
export async function imageRoot(): Promise<string> {
  const image = await forwarderImage(console.error);
  const unpacked = join(folder, image.digest.replace(":", "-").slice(0, 23));
  if (existsSync(unpacked)) return unpacked;
  // An image build removes all of buildah's containers. The lock keeps builds out while ours exists.
  return withLock(join(runFolder, "images.lock"), "images", console.error, async () => {
    if (!existsSync(unpacked)) await unpack(image, unpacked);
    return unpacked;
  });
}

async function unpack(image: Image, target: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (const older of readdirSync(folder)) rmSync(join(folder, older), { recursive: true, force: true });
  const container = (await buildah(["from", "--pull=never", `oci-archive:${image.archive}`])).trim();
  try {
    const mounted = (await buildah(["mount", container])).trim();
    await run("cp", ["--archive", mounted, `${target}.new`]);
  } finally {
    await buildah(["rm", container]);
  }
  for (const path of volumePaths) mkdirSync(join(`${target}.new`, path), { recursive: true });
  renameSync(`${target}.new`, target);
}

/**
 * The words that, put in front of a program of the image, run it in the image's root file system as the pod does.
 * It runs as the image's user, without capabilities, on a read-only root, and in the caller's network. `volumes` maps
 * each mount path to a folder of this machine.
 */
export function inImage(imageRoot: string, volumes: Readonly<Record<string, string>>): string[] {
  const mounts = Object.entries(volumes).map(([path, source]) => `mount --bind '${source}' '${imageRoot}${path}'`);
  const script = [
    `mount --bind '${imageRoot}' '${imageRoot}'`,
    `mount -o remount,bind,ro '${imageRoot}'`,
    `mount --rbind /dev '${imageRoot}/dev'`,
    `mount -t proc proc '${imageRoot}/proc'`,
    ...mounts,
    `exec chroot '${imageRoot}' /usr/bin/setpriv --reuid 10001 --regid 10001 --clear-groups --no-new-privs --inh-caps=-all --bounding-set=-all "$@"`,
  ];
  return ["unshare", "--mount", "--propagation=private", "sh", "-ec", script.join("\n"), "sh"];
}
