import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { root } from "../machine/checkout.ts";
import { withLock } from "../machine/machineLock.ts";
import { type Progress, stateFolder } from "../machine/paths.ts";
import { run } from "../machine/run.ts";
import { ensureGo, goSettings } from "./go.ts";

/** The names of the program `kubernetes`, which acts as the part whose name it is called by. */
const kubernetesParts = [
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "kubelet",
  "kube-proxy",
  "kubectl",
] as const;
const clusterPrograms = [
  "etcd",
  "coredns",
  "kube-router",
  "csi-provisioner",
  "csi-snapshotter",
  "snapshot-controller",
  "helm",
] as const;

/**
 * The Go programs that this project pins, by the go.mod in tools/ that builds them.
 *
 * The programs of the cluster share one go.mod. A package that two of them use is compiled once if the versions agree.
 */
export const toolModules = {
  cluster: [...kubernetesParts, ...clusterPrograms],
  "helm-unittest": ["helm-unittest"],
  promtool: ["promtool"],
  staticcheck: ["staticcheck"],
} as const;
export type ToolName = (typeof toolModules)[keyof typeof toolModules][number];

/** The program behind a tool's name. */
export function programOf(name: string): string {
  return kubernetesParts.some((part) => part === name) ? "kubernetes" : name;
}

/** The folder for built tools: one for all checkouts of a machine, or one in this checkout if we are not root. */
export function toolsFolder(): string {
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

/** The version of a module that a go.mod builds: that of its replacement if there is one, else the required one. */
function versionOf(goMod: string, path: string): string | undefined {
  const lines = goMod.split("\n").map((line) => line.trim().replace(/^(require|replace) /, ""));
  const starts = [`${path} => ${path} v`, `${path} v`];
  const line = starts.map((start) => lines.find((text) => text.startsWith(start))).find(Boolean);
  return line && / (v\d\S*)/.exec(line)?.[1];
}

/** The flags for the linker. They set the versions that a release build would set. */
export function linkerFlags(goMod: string): string {
  const values: Record<string, string> = {};
  const kubernetes = versionOf(goMod, "k8s.io/kubernetes");
  if (kubernetes) {
    const [major = "", minor = ""] = kubernetes.slice(1).split(".");
    // Clients cannot read the version of a server that was built without these.
    values["k8s.io/component-base/version.gitVersion"] = kubernetes;
    values["k8s.io/component-base/version.gitMajor"] = major;
    values["k8s.io/component-base/version.gitMinor"] = minor;
  }
  const helm = versionOf(goMod, "helm.sh/helm/v3");
  const client = versionOf(goMod, "k8s.io/client-go");
  if (helm && client) {
    values["helm.sh/helm/v3/internal/version.version"] = helm;
    for (const place of ["chartutil", "lint/rules"]) {
      // Otherwise `helm template` assumes that every cluster is a Kubernetes 1.20.
      values[`helm.sh/helm/v3/pkg/${place}.k8sVersionMajor`] = "1";
      values[`helm.sh/helm/v3/pkg/${place}.k8sVersionMinor`] = client.split(".")[1] ?? "";
    }
  }
  return ["-s", "-w", ...Object.entries(values).map(([name, value]) => `-X ${name}=${value}`)].join(" ");
}

/** A module in tools/. */
type Module = {
  /** The folder of its go.mod. */
  readonly source: string;
  readonly goMod: string;
  /** The folder of its binaries, once built. Each content of its sources has a folder. */
  readonly target: string;
};

type Tool = Module & {
  readonly name: ToolName;
  /** The path of its binary, once built. */
  readonly path: string;
};

/** Describes tools; each module is read once, however many of them it builds. */
function describeTools(names: readonly ToolName[]): Tool[] {
  const modules = new Map<string, Module>();
  return names.map((name) => {
    const key = moduleOf(name);
    const module = modules.get(key) ?? describeModule(key);
    modules.set(key, module);
    return { ...module, name, path: join(module.target, name) };
  });
}

function moduleOf(name: ToolName): string {
  const found = Object.entries(toolModules).find(([, tools]) => tools.some((tool) => tool === name));
  if (found) return found[0];
  throw new Error(`tools: found name ${JSON.stringify(name)}, wanted ${Object.values(toolModules).flat().join(", ")}`);
}

function describeModule(name: string): Module {
  const source = join(root, "tools", name);
  const goMod = readFileSync(join(source, "go.mod"), "utf8");
  const hash = createHash("sha256").update(buildWords(goMod).join("\n"));
  for (const path of sourcesOf(source)) hash.update(`${path}\n`).update(readFileSync(join(source, path)));
  return { source, goMod, target: join(toolsFolder(), `${name}-${hash.digest("hex").slice(0, 12)}`) };
}

/** All source files of a module in tools/, in a fixed order. */
function sourcesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => /(\.go|go\.mod|go\.sum)$/.test(path))
    .sort();
}

/** The arguments of `go build`. Nobody debugs these programs: without debug tables they compile in 85 % of the time. */
function buildWords(goMod: string): string[] {
  // Without the clients of twenty clouds promtool compiles in 5 minutes of CPU time.
  const tags = versionOf(goMod, "github.com/prometheus/prometheus") ? ["-tags", "remove_all_sd"] : [];
  return ["build", "-gcflags=all=-dwarf=false", ...tags, "-ldflags", linkerFlags(goMod)];
}

/** Does some work in a folder for built tools while nobody else works there. */
export function withToolsLock<T>(folder: string, progress: Progress, work: () => Promise<T>): Promise<T> {
  return withLock(join(folder, ".lock"), "tools", progress, work);
}

/** Returns the paths of some tools. Builds those first that are missing in the pinned version. */
export async function ensureTools<Name extends ToolName>(
  names: readonly Name[],
  progress: Progress,
): Promise<Record<Name, string>> {
  const tools = describeTools(names);
  const missing = (): Tool[] => tools.filter((tool) => !existsSync(tool.path));
  if (missing().length > 0) {
    await withToolsLock(toolsFolder(), progress, async () => {
      const wanted = missing();
      if (wanted.length === 0) return;
      const go = await ensureGo(toolsFolder(), progress);
      for (const tool of wanted) await build(go, tool, progress);
    });
  }
  return Object.fromEntries(tools.map((tool) => [tool.name, tool.path])) as Record<Name, string>;
}

async function build(go: string, tool: Tool, progress: Progress): Promise<void> {
  const program = programOf(tool.name);
  const target = join(tool.target, program);
  const path = toolPackages(tool.goMod)[program];
  if (!path) throw new Error(`${join(tool.source, "go.mod")}: found no tool line for ${program}, wanted one`);
  if (!existsSync(target)) {
    progress(`building ${program} from its Go module (once, up to several minutes)`);
    mkdirSync(tool.target, { recursive: true });
    await run(go, [...buildWords(tool.goMod), "-o", `${target}.new`, path], {
      cwd: tool.source,
      env: { ...process.env, ...goSettings, CGO_ENABLED: "0" },
    });
    renameSync(`${target}.new`, target);
  }
  if (program !== tool.name) symlinkSync(program, tool.path);
}
