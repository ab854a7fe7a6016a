import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../machine/checkout.ts";
import { missingPackages } from "./debianPackages.ts";
import { goMinor } from "./go.ts";
import { linkerFlags, toolModules, toolPackages } from "./tools.ts";

const folder = join(root, "tools");
const goMod = (module: string): string => readFileSync(join(folder, module, "go.mod"), "utf8");

test("each go.mod in tools/ builds exactly the programs that are listed for it", () => {
  for (const module of readdirSync(folder)) {
    const listed = toolModules[module as keyof typeof toolModules];
    assert.deepEqual(Object.keys(toolPackages(goMod(module))).sort(), [...listed].sort(), module);
  }
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
  const version = /k8s\.io\/kubernetes (v1\.(\d+)\.\d+)/.exec(goMod("kubernetes"));
  const flags = linkerFlags(goMod("kubernetes"));
  assert.ok(flags.includes(`-X k8s.io/component-base/version.gitVersion=${version?.[1]}`), flags);
  assert.ok(flags.includes(`-X k8s.io/component-base/version.gitMinor=${version?.[2]}`), flags);
  assert.equal(linkerFlags("module x\n\nrequire example.com/y v1.0.0\n"), "-s -w");
  const one = "module x\n\nrequire k8s.io/kubernetes v1.40.0\n";
  assert.match(linkerFlags(one), /gitVersion=v1\.40\.0/);
});

test("helm knows a present Kubernetes", () => {
  assert.match(linkerFlags(goMod("helm")), /chartutil\.k8sVersionMinor=3\d/);
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
