import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { cgroupRoots } from "./cgroups.ts";
import { type ClusterTool, clusterTools, daemonNames } from "./clusterDaemon.ts";
import { containerdToml, coreDnsCorefile, kubeletConfig, kubeProxyConfig, podNetwork } from "./daemonConfig.ts";
import { clusterDaemons } from "./daemons.ts";
import { type ClusterName, clusterLayout, clusterNames } from "./layout.ts";
import { mountsBelow } from "./namespaces.ts";
import { certificates } from "./pki.ts";
import { isStale } from "./readiness.ts";

test("two clusters share no address, name or folder", () => {
  const [dev, e2e] = clusterNames.map(clusterLayout);
  const shared = ["podCidr", "serviceCidr", "apiServiceAddress"];
  for (const key of Object.keys(dev ?? {}) as (keyof typeof dev)[]) {
    assert.equal(dev?.[key] === e2e?.[key], shared.includes(key), key);
  }
  assert.equal(dev?.context, "local");
  assert.equal(e2e?.nodeAddress, "198.18.0.6");
});

test("an unknown cluster is refused with what was found and wanted", () => {
  assert.throws(() => clusterLayout("prod" as ClusterName), /found name "prod", wanted dev, e2e, disaster/);
});

test("names of network interfaces fit the kernel's 15 characters", () => {
  for (const name of clusterNames) assert.ok(clusterLayout(name).link.length <= 15);
});

test("the roots of control groups are found in cgroup v1 and v2", () => {
  const v1 = "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory";
  const v2 = "41 31 0:38 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate";
  const other = "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755";
  assert.deepEqual(cgroupRoots([other, v1].join("\n")), ["/sys/fs/cgroup/memory"]);
  assert.deepEqual(cgroupRoots([other, v2].join("\n")), ["/sys/fs/cgroup"]);
});

test("mounts are found innermost first, and only those of the cluster", () => {
  const mount = (point: string): string => `50 1 8:1 / ${point} rw - ext4 /dev/sda rw`;
  const points = ["/", "/run/x/dev", "/run/x/dev/mounts", "/run/x/dev-other", "/run/x/dev/a\\040b"];
  assert.deepEqual(mountsBelow(points.map(mount).join("\n"), ["/run/x/dev"]), [
    "/run/x/dev/a b",
    "/run/x/dev/mounts",
    "/run/x/dev",
  ]);
});

test("a pod's status from before a reboot is told from a new one", () => {
  const started = (startedAt: string): object => ({
    status: { phase: "Running", containerStatuses: [{ state: { running: { startedAt } } }] },
  });
  const boot = Date.parse("2026-01-01T10:00:00.700Z");
  assert.equal(isStale(started("2026-01-01T09:59:59Z"), boot), true);
  assert.equal(isStale(started("2026-01-01T10:00:00Z"), boot), false);
  assert.equal(isStale({ status: { phase: "Succeeded" } }, boot), false);
  assert.equal(isStale({ status: { phase: "Running", containerStatuses: [{ state: {} }] } }, boot), false);
});

test("configuration files are of the form that their readers want", () => {
  const layout = clusterLayout("dev");
  for (const text of [kubeletConfig(layout), kubeProxyConfig(layout, "/k"), podNetwork(layout)]) JSON.parse(text);
  assert.equal(JSON.parse(kubeletConfig(layout)).cgroupRoot, "/remote-signer-cloud-dev");
  // Within one block, CoreDNS would let `template` answer for the cluster's own names.
  for (const block of coreDnsCorefile(layout, "/k").split(/^}$/m)) {
    assert.ok(!(block.includes("kubernetes {") && block.includes("template ")), block);
  }
  assert.match(containerdToml(layout, "localhost/pause:1"), /^sandbox_image = "localhost\/pause:1"$/m);
});

test("no file is written for one daemon while another may be reading it", () => {
  const layout = { ...clusterLayout("dev"), pki: mkdtempSync(join(tmpdir(), "pki-")) };
  for (const { file } of [...certificates(layout), { file: "ca" }]) {
    for (const kind of ["crt", "key"]) writeFileSync(join(layout.pki, `${file}.${kind}`), "");
  }
  const tools = Object.fromEntries(clusterTools.map((name) => [name, name])) as Record<ClusterTool, string>;
  const pause = { tag: "pause", archive: "pause.tar", digest: "sha256:0" };
  const daemons = clusterDaemons(layout, tools, pause, { proto: "csi.proto", definitions: [] });
  rmSync(layout.pki, { recursive: true });
  const files = daemons.flatMap((daemon) => Object.keys(daemon.files));
  assert.deepEqual(files, [...new Set(files)]);
  const order = daemons.map(({ name }) => name);
  for (const { name, after } of daemons) {
    // A daemon is started in the list's order, so one that it waits for must stand above it.
    for (const earlier of after) assert.ok(order.indexOf(earlier) < order.indexOf(name), `${earlier} before ${name}`);
  }
  assert.deepEqual(order.sort(), [...daemonNames].sort());
});
