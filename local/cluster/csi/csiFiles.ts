import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "../../machine/checkout.ts";
import type { Progress } from "../../machine/paths.ts";
import { run } from "../../machine/run.ts";
import { ensureGo } from "../../toolchain/go.ts";
import { withToolsLock } from "../../toolchain/tools.ts";

/** Files that the storage programs ship in their Go modules, next to their code. */
export type CsiFiles = {
  /** The Container Storage Interface. */
  readonly proto: string;
  /** The CustomResourceDefinitions of the snapshot API. */
  readonly definitions: readonly string[];
};

const wanted = {
  "github.com/container-storage-interface/spec": ["csi.proto"],
  "github.com/kubernetes-csi/external-snapshotter/client/v8": ["classes", "contents", "s"].map(
    (kind) => `config/crd/snapshot.storage.k8s.io_volumesnapshot${kind}.yaml`,
  ),
};

/** Returns these files. They are kept next to a program that was built from the same go.mod. */
export async function ensureCsiFiles(program: string, progress: Progress): Promise<CsiFiles> {
  const folder = join(dirname(program), "files");
  const tools = dirname(dirname(folder));
  if (!existsSync(folder)) {
    await withToolsLock(tools, progress, async () => {
      if (!existsSync(folder)) await copyFromModules(folder, await ensureGo(tools, progress));
    });
  }
  const files = readdirSync(folder).map((file) => join(folder, file));
  return {
    proto: files.find((file) => file.endsWith(".proto")) as string,
    definitions: files.filter((file) => file.endsWith(".yaml")),
  };
}

async function copyFromModules(folder: string, go: string): Promise<void> {
  const made = `${folder}.new`;
  rmSync(made, { recursive: true, force: true });
  mkdirSync(made, { recursive: true });
  for (const [module, paths] of Object.entries(wanted)) {
    const cwd = join(root, "tools/cluster");
    const env = { ...process.env, GOTOOLCHAIN: "auto", GOFLAGS: "-mod=readonly", GOWORK: "off" };
    const { Dir } = JSON.parse(await run(go, ["mod", "download", "-json", module], { cwd, env })) as { Dir: string };
    for (const path of paths) copyFileSync(join(Dir, path), join(made, path.split("/").at(-1) as string));
  }
  renameSync(made, folder);
}
