import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { coreDnsCorefile } from "../cluster/daemonConfig.ts";
import { clusterLayout } from "../cluster/layout.ts";
import { root } from "../machine/checkout.ts";
import { missingPackages } from "./debianPackages.ts";
import { goMinor } from "./go.ts";
import { linkerFlags, programOf, toolModules, toolPackages } from "./tools.ts";

const folder = join(root, "tools");
const goMod = (module: string): string => readFileSync(join(folder, module, "go.mod"), "utf8");

test("each go.mod in tools/ builds exactly the programs that are listed for it", () => {
  for (const module of readdirSync(folder).filter((name) => existsSync(join(folder, name, "go.mod")))) {
    const listed = toolModules[module as keyof typeof toolModules];
    const programs = [...new Set(listed.map(programOf))];
    assert.deepEqual(Object.keys(toolPackages(goMod(module))).sort(), programs.sort(), module);
  }
});

test("the parts of Kubernetes are names of one program, and others are their own", () => {
  assert.deepEqual(["kubelet", "kubectl", "helm"].map(programOf), ["kubernetes", "kubernetes", "helm"]);
});

test("CoreDNS is built with exactly the plugins that its configuration names", () => {
  const source = readFileSync(join(folder, "cluster/coredns/main.go"), "utf8");
  const built = [...source.matchAll(/coredns\/plugin\/(\w+)"/g)].map((match) => match[1]);
  const corefile = coreDnsCorefile(clusterLayout("dev"), "kubeconfig");
  const named = [...corefile.matchAll(/^ {2}(\w+)/gm)].map((match) => match[1]);
  assert.deepEqual(built.sort(), [...new Set(named)].sort());
  const [, directives = ""] = /Directives = \[\]string\{(.*)\}/.exec(source) ?? [];
  assert.deepEqual(directives.replaceAll('"', "").split(", ").sort(), built);
});

test("tool lines are read in both forms, and a major version is no name", () => {
  const text =
    "module x\n\ntool (\n\tk8s.io/kubernetes/cmd/kubelet\n\texample.com/b/v2\n)\ntool go.etcd.io/etcd/server/v3\n";
  assert.deepEqual(toolPackages(text), {
    kubelet: "k8s.io/kubernetes/cmd/kubelet",
    b: "example.com/b/v2",
    etcd: "go.etcd.io/etcd/server/v3",
  });
});

test("the version of Kubernetes comes from the go.mod that pins it", () => {
  const version = /k8s\.io\/kubernetes (v1\.(\d+)\.\d+)/.exec(goMod("cluster"));
  const flags = linkerFlags(goMod("cluster"));
  assert.ok(flags.includes(`-X k8s.io/component-base/version.gitVersion=${version?.[1]}`), flags);
  assert.ok(flags.includes(`-X k8s.io/component-base/version.gitMinor=${version?.[2]}`), flags);
  assert.equal(linkerFlags("module x\n\nrequire example.com/y v1.0.0\n"), "-s -w");
  const one = "module x\n\nrequire k8s.io/kubernetes v1.40.0\n";
  assert.match(linkerFlags(one), /gitVersion=v1\.40\.0/);
});

test("helm takes a cluster for the Kubernetes that it is built with", () => {
  const flags = linkerFlags(goMod("cluster"));
  const [, minor] = /version\.gitMinor=(\d+)/.exec(flags) ?? [];
  assert.match(flags, new RegExp(`chartutil\\.k8sVersionMinor=${minor} `));
});

test("a module's version is what replaces it, if something does", () => {
  const text = "module x\n\nrequire (\n\tk8s.io/kubernetes v1.39.0\n)\n";
  assert.match(linkerFlags(text), /gitVersion=v1\.39\.0/);
  const replaced = `${text}\nreplace k8s.io/kubernetes => k8s.io/kubernetes v1.38.1\n`;
  assert.match(linkerFlags(replaced), /gitVersion=v1\.38\.1/);
});

test("missing packages are those that nothing installed is or provides", () => {
  const listing = [
    "runc\tinstalled\t",
    "buildah\tconfig-files\t",
    "containerd.io\tinstalled\tcontainerd, runc (= 1.2)",
  ].join("\n");
  assert.deepEqual(missingPackages(["buildah", "containerd", "iptables", "runc"], listing), ["buildah", "iptables"]);
});

test("Go's version is read from what it says", () => {
  assert.equal(goMinor("go version go1.19.8 linux/amd64"), 19);
  assert.equal(goMinor("go version devel go1.27-abc linux/amd64"), 27);
  assert.equal(goMinor("Usage: go [board]"), undefined);
});
