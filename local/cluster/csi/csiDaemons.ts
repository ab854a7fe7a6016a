import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ClusterDaemon, ClusterTool } from "../clusterDaemon.ts";
import type { Layout } from "../layout.ts";
import { kubeconfig } from "../pki.ts";
import type { CsiFiles } from "./csiFiles.ts";
import { applyStorage, driverName } from "./storageClasses.ts";

/** Our driver on a node: it provides volumes there and, on the first node, snapshots. */
export function csiDriver(layout: Layout, files: CsiFiles): ClusterDaemon {
  const command = driverCommand(layout, files);
  const environment = { DRIVER: hashOfDriver(command) };
  return { name: "csi-driver", command, environment, files: {}, after: [], health: `unix:${layout.csiSocket}` };
}

function driverCommand(layout: Layout, files: CsiFiles): string[] {
  return [
    process.execPath,
    join(import.meta.dirname, "driver.ts"),
    `--name=${driverName}`,
    `--node=${layout.nodeName}`,
    `--proto=${files.proto}`,
    `--socket=${layout.csiSocket}`,
    `--registration=${join(layout.state, "kubelet", "plugins_registry", "csi.sock")}`,
    `--volumes=${layout.volumes}`,
    `--volume-use=${layout.volumeUse}`,
    `--snapshots=${layout.snapshots}`,
  ];
}

/** Kubernetes' own programs that make volumes and snapshots. They call the first node's driver. */
export function csiCallers(layout: Layout, tools: Record<ClusterTool, string>, files: CsiFiles): ClusterDaemon[] {
  const caller = (name: "csi-provisioner" | "csi-snapshotter" | "snapshot-controller", port: number) => {
    const address = `${layout.nodeAddress}:${port}`;
    // One file per program: it is written when its program starts, and another could be reading a shared file then.
    const login = join(layout.state, "config", `${name}.kubeconfig`);
    return {
      name,
      command: [tools[name], `--kubeconfig=${login}`, `--http-endpoint=${address}`],
      // The administrator's login: these programs need nearly all the permissions that exist on one machine.
      files: { [login]: kubeconfig(layout, "admin") },
      health: `http://${address}/metrics`,
    };
  };
  const callsDriver = [`--csi-address=${layout.csiSocket}`, "--extra-create-metadata"];
  const [provisioner, snapshotter] = [caller("csi-provisioner", 8091), caller("csi-snapshotter", 8092)];
  // They exit some time after they have lost the driver, so a changed driver restarts them as well.
  const environment = { DRIVER: hashOfDriver(driverCommand(layout, files)) };
  return [
    {
      ...provisioner,
      command: [...provisioner.command, ...callsDriver],
      environment,
      after: ["kube-apiserver", "csi-driver"],
    },
    {
      ...caller("snapshot-controller", 8093),
      after: ["kube-apiserver"],
      before: ({ api }) => applyStorage(layout, api, files),
    },
    {
      ...snapshotter,
      command: [...snapshotter.command, ...callsDriver],
      environment,
      after: ["snapshot-controller", "csi-driver"],
    },
  ];
}

/** A hash of the driver's command and code. */
function hashOfDriver(command: readonly string[]): string {
  const hash = createHash("sha256").update(JSON.stringify(command));
  for (const file of ["driver.ts", "folderStore.ts", "volumeUse.ts", "registration.proto"]) {
    hash.update(readFileSync(join(import.meta.dirname, file)));
  }
  return hash.digest("hex");
}
