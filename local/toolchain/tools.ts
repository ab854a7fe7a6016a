import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "../machine/checkout.ts";
import { withLock } from "../machine/machineLock.ts";
import { type Progress, stateFolder } from "../machine/paths.ts";
import { run } from "../machine/run.ts";
import { ensureGo } from "./go.ts";

/** The Go programs that this project pins, by the go.mod in tools/ that builds them. */
export const toolModules = {
  kubernetes: ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "kubectl"],
  etcd: ["etcd"],
  coredns: ["coredns"],
  "kube-router": ["kube-router"],
  csi: ["csi-provisioner", "csi-snapshotter", "snapshot-controller"],
  helm: ["helm"],
  "helm-unittest": ["helm-unittest"],
} as const;
export type ToolName = (typeof toolModules)[keyof typeof toolModules][number];

/** Where built tools are kept: for all checkouts of a machine, or beside this one where we are not root. */
function toolsFolder(): string {
  return process.getuid?.() === 0 ? join(stateFolder, "tools") : join(root, ".local", "tools");
}

/** The package of each tool in a go.mod's `tool` lines. */
export function toolPackages(goMod: string): Record<string, string> {
  const blocks = [...goMod.matchAll(/^tool \(\n([^)]*)\)/gm)].flatMap((match) => (match[1] ?? "").split("\n"));
  const lines = [...goMod.matchAll(/^tool ([^(\s]+)$/gm)].map((match) => match[1] ?? "");
  const packages = [...blocks, ...lines].map((line) => line.trim()).filter(Boolean);
  return Object.fromEntries(packages.map((path) => [toolName(path), path]));
}

function toolName(path: string): string {
  if (path.startsWith("go.etcd.io/etcd/server/")) return "etcd";
  return path.split("/").findLast((part) => !/^v\d+$/.test(part)) ?? path;
}

/** The version of a module that a go.mod requires. */
function required(goMod: string, path: string): string | undefined {
  const line = goMod.split("\n").find((text) =>
    text
      .trim()
      .replace(/^require /, "")
      .startsWith(`${path} v`),
  );
  return line && / (v\S+)/.exec(line.trim().replace(/^require /, ""))?.[1];
}

/** What the linker is told: programs that a release build would give a version learn it here. */
export function linkerFlags(goMod: string): string {
  const values: Record<string, string> = {};
  const kubernetes = required(goMod, "k8s.io/kubernetes");
  if (kubernetes) {
    const [major = "", minor = ""] = kubernetes.slice(1).split(".");
    // Clients cannot read the version of a server that was built without these.
    values["k8s.io/component-base/version.gitVersion"] = kubernetes;
    values["k8s.io/component-base/version.gitMajor"] = major;
    values["k8s.io/component-base/version.gitMinor"] = minor;
  }
  const helm = required(goMod, "helm.sh/helm/v3");
  const client = required(goMod, "k8s.io/client-go");
  if (helm && client) {
    values["helm.sh/helm/v3/internal/version.version"] = helm;
    for (const place of ["chartutil", "lint/rules"]) {
      // Otherwise `helm template` takes every cluster for a Kubernetes 1.20.
      values[`helm.sh/helm/v3/pkg/${place}.k8sVersionMajor`] = "1";
      values[`helm.sh/helm/v3/pkg/${place}.k8sVersionMinor`] = client.split(".")[1] ?? "";
    }
  }
  return ["-s", "-w", ...Object.entries(values).map(([name, value]) => `-X ${name}=${value}`)].join(" ");
}

interface Tool {
  readonly name: ToolName;
  /** The folder of the go.mod that pins it. */
  readonly source: string;
  readonly goMod: string;
  /** Where its binary is, once built: a folder for each content of go.mod and go.sum. */
  readonly path: string;
}

function describeTool(name: ToolName): Tool {
  const module = (Object.keys(toolModules) as (keyof typeof toolModules)[]).find((key) =>
    toolModules[key].some((it) => it === name),
  );
  if (!module)
    throw new Error(`tools: found name ${JSON.stringify(name)}, want ${Object.values(toolModules).flat().join(", ")}`);
  const source = join(root, "tools", module);
  const goMod = readFileSync(join(source, "go.mod"), "utf8");
  const hash = createHash("sha256")
    .update(goMod)
    .update(readFileSync(join(source, "go.sum")))
    .update(linkerFlags(goMod));
  return { name, source, goMod, path: join(toolsFolder(), `${module}-${hash.digest("hex").slice(0, 12)}`, name) };
}

/** Gives the paths of some tools; those that are not there in the pinned version are built first. */
export async function ensureTools<Name extends ToolName>(
  names: readonly Name[],
  progress: Progress,
): Promise<Record<Name, string>> {
  const tools = names.map(describeTool);
  const missing = (): Tool[] => tools.filter((tool) => !existsSync(tool.path));
  if (missing().length > 0) {
    await withLock(join(toolsFolder(), ".lock"), "tools", progress, async () => {
      const wanted = missing();
      if (wanted.length === 0) return;
      const go = await ensureGo(toolsFolder(), progress);
      for (const [index, tool] of wanted.entries()) {
        progress(
          `building ${tool.name} from its Go module (${index + 1} of ${wanted.length}; once, up to several minutes)`,
        );
        await build(go, tool);
      }
    });
  }
  return Object.fromEntries(tools.map((tool) => [tool.name, tool.path])) as Record<Name, string>;
}

async function build(go: string, tool: Tool): Promise<void> {
  const temporary = `${tool.path}.new`;
  // The user's own GOFLAGS or workspace would change what is built; a checkout may be without git.
  const flags = { CGO_ENABLED: "0", GOTOOLCHAIN: "auto", GOFLAGS: "-mod=readonly -buildvcs=false", GOWORK: "off" };
  const path = toolPackages(tool.goMod)[tool.name];
  if (!path) throw new Error(`${join(tool.source, "go.mod")}: found no tool line for ${tool.name}, want one`);
  mkdirSync(dirname(tool.path), { recursive: true });
  await run(go, ["build", "-ldflags", linkerFlags(tool.goMod), "-o", temporary, path], {
    cwd: tool.source,
    env: { ...process.env, ...flags },
  });
  renameSync(temporary, tool.path);
}
