import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { forwarderImage } from "../deploy/cluster/ownImages.ts";
import { buildah } from "../local/images/buildah.ts";
import type { Image } from "../local/images/images.ts";
import { withLock } from "../local/machine/machineLock.ts";
import { runFolder, stateFolder } from "../local/machine/paths.ts";
import { run } from "../local/machine/run.ts";

const folder = join(stateFolder, "image-roots");

/** The folders that the pod's volumes are mounted on. */
const volumePaths = ["/etc/signer-forwarder", "/etc/ssh/host-key", "/run/gateway", "/run/signer-forwarder"];

/** The root file system of the signer forwarder's image as a folder, unpacked once for each image that is built. */
export async function imageRoot(): Promise<string> {
  const image = await forwarderImage(console.error);
  const unpacked = join(folder, image.digest.replace(":", "-").slice(0, 23));
  if (existsSync(unpacked)) return unpacked;
  // A build of an image removes all of buildah's containers: not while ours is there.
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
 * The words in front of a program of the image that run it in its root file system, as the pod does: as the image's
 * user, without a capability, on a root that nobody writes. `volumes` are folders of this machine by the path that each
 * is mounted on. The network is that of whoever runs it.
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
