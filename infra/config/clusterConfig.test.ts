import assert from "node:assert/strict";
import { homedir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { GkeClusterConfig } from "./clusterConfig.ts";
import { parseConfig } from "./config.ts";
import { ConfigError } from "./configError.ts";

type Tree = Record<string, unknown>;
const gke = { kind: "gke", project: "my-project", region: "europe-west1" };

const parsed = (cluster: Tree) => parseConfig("prod", { cluster: JSON.stringify(cluster) }).cluster;

function problemsOf(cluster: Tree): string[] {
  try {
    parsed(cluster);
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.problems.map(({ path, found, wanted }) => `${path}: found ${found}; wanted ${wanted}`);
  }
}

test("a cluster of Google's needs a project and a region; the rest has defaults", () => {
  assert.deepEqual(parsed(gke), {
    ...gke,
    dnsEndpoint: true,
    authorizedNetworks: [],
    releaseChannel: "REGULAR",
    maintenanceWindow: { days: ["TU", "WE", "TH"], start: "08:00", hours: 6 },
    nodePool: { machineType: "n2d-standard-8", minNodes: 2, maxNodes: 6, diskSizeGb: 50 },
    deletionProtection: true,
  });
});

test("its API may be open to networks instead of, or beside, whoever logs in", () => {
  const authorizedNetworks = ["203.0.113.0/24"];
  for (const dnsEndpoint of [true, false])
    assert.deepEqual(parsed({ ...gke, dnsEndpoint, authorizedNetworks }), {
      ...parsed(gke),
      dnsEndpoint,
      authorizedNetworks,
    });
});

const winter = { name: "winter", start: "2026-12-01T00:00:00Z", end: "2026-12-31T00:00:00Z", scope: "NO_UPGRADES" };

test("its upgrades may be held for a time, all of them for 30 days and the others for longer", () => {
  const long = { name: "long", start: winter.start, end: "2027-06-01T00:00:00Z" };
  assert.deepEqual(
    (parsed({ ...gke, maintenanceExclusions: [winter, long] }) as GkeClusterConfig).maintenanceExclusions,
    [winter, { ...long, scope: "NO_MINOR_OR_NODE_UPGRADES" }],
  );
});

test("this machine's own cluster has one node unless the config says more", () => {
  assert.deepEqual(parsed({ kind: "local" }), { kind: "local", nodes: 1, name: "dev" });
  const other = { kind: "local", nodes: 3, name: "disaster" };
  assert.deepEqual(parsed(other), other);
});

test("an existing cluster may say which addresses are its pods'", () => {
  const cluster = { kind: "existing", context: "x", podCidrs: ["10.244.0.0/16", "fd00::/64"] };
  assert.deepEqual(parsed(cluster), cluster);
});

test("~/ in front of a kubeconfig's path is the home directory", () => {
  const kubeconfigOf = (kubeconfig: string) => parsed({ kind: "existing", context: "x", kubeconfig });
  assert.deepEqual(kubeconfigOf("~/.kube/config"), {
    kind: "existing",
    context: "x",
    kubeconfig: join(homedir(), ".kube/config"),
  });
  assert.deepEqual(kubeconfigOf(".local/kubeconfig"), {
    kind: "existing",
    context: "x",
    kubeconfig: ".local/kubeconfig",
  });
});

test("another stack is named by its name, or in full", () => {
  for (const stack of ["prod", "me/remote-signer-cloud/prod"])
    assert.deepEqual(parsed({ kind: "stack", stack }), { kind: "stack", stack });
});

describe("each mistake is one problem that says where it is", () => {
  const cases: [string, Tree, RegExp][] = [
    [
      "an unknown kind",
      { kind: "eks" },
      /^cluster\.kind: found "eks"; wanted a cluster of kind existing, gke, local or stack/,
    ],
    ["no context", { kind: "existing" }, /^cluster\.context: found nothing/],
    ["a project's number", { ...gke, project: "123456" }, /^cluster\.project: found "123456"; wanted the id/],
    ["a zone as region", { ...gke, region: "europe-west1-b" }, /^cluster\.region: found "europe-west1-b"/],
    ["one zone", { ...gke, zones: ["europe-west1-b"] }, /^cluster\.zones: found a list; wanted two/],
    [
      "a zone elsewhere",
      { ...gke, zones: ["europe-west1-b", "europe-west4-a"] },
      /^cluster\.zones\[1\]: .*europe-west1-b/,
    ],
    ["one zone twice", { ...gke, zones: ["europe-west1-b", "europe-west1-b"] }, /^cluster\.zones\[1\]: .*another/],
    [
      "nobody who may reach the API",
      { ...gke, dnsEndpoint: false, authorizedNetworks: [] },
      /^cluster\.authorizedNetworks: .*at least one/,
    ],
    ["no say on who may", { ...gke, dnsEndpoint: false }, /^cluster\.authorizedNetworks: found nothing.*at least one/],
    ["a name for the DNS endpoint", { ...gke, dnsEndpoint: "x" }, /^cluster\.dnsEndpoint: found "x"; wanted true/],
    ...(
      [
        ["all upgrades held for a day too long", [{ ...winter, end: "2027-01-01T00:00:00Z" }], /\[0\]\.end: .*30 days/],
        ["an end before the start", [{ ...winter, end: "2026-11-30T00:00:00Z" }], /\[0\]\.end: .*after the start/],
        ["a day that there is not", [{ ...winter, start: "2026-11-31T00:00:00Z" }], /\[0\]\.start: .*a time in UTC/],
        [
          "a time of another zone",
          [{ ...winter, start: "2026-12-01T00:00:00+01:00" }],
          /\[0\]\.start: .*a time in UTC/,
        ],
        ["a scope that is none", [{ ...winter, scope: "ALL" }], /\[0\]\.scope: found "ALL"; wanted NO_UPGRADES, /],
        ["a name for two", [winter, winter], /\[1\]\.name: found "winter"; wanted another/],
        [
          "all upgrades held four times",
          "abcd".split("").map((name) => ({ ...winter, name })),
          /\[3\]\.scope: .*at most 3/,
        ],
        [
          "more than GKE takes",
          Array.from({ length: 21 }, (_, i) => ({ ...winter, name: `x${i}`, scope: "NO_MINOR_UPGRADES" })),
          /: found a list; wanted at most 20/,
        ],
      ] as [string, object[], RegExp][]
    ).map(([name, maintenanceExclusions, problem]): [string, Tree, RegExp] => [
      name,
      { ...gke, maintenanceExclusions },
      new RegExp(`^cluster\\.maintenanceExclusions${problem.source}`),
    ]),
    ["labels in capitals", { ...gke, labels: { Team: "x" } }, /^cluster\.labels\.Team: .*a-z/],
    ["a label's value with a space", { ...gke, labels: { team: "two words" } }, /^cluster\.labels\.team: .*a-z/],
    ["Google's own label", { ...gke, labels: { "goog-x": "y" } }, /^cluster\.labels\.goog-x: .*neither Google/],
    ["an address for a network", { ...gke, authorizedNetworks: ["203.0.113.7"] }, /authorizedNetworks\[0\]: .*CIDR/],
    ["bits behind the prefix", { ...gke, authorizedNetworks: ["203.0.113.7/24"] }, /authorizedNetworks\[0\]: .*no bit/],
    ["a prefix of 33", { ...gke, authorizedNetworks: ["203.0.113.7/33"] }, /authorizedNetworks\[0\]/],
    [
      "IPv6, which GKE does not take here",
      { ...gke, authorizedNetworks: ["2001:db8::/32"] },
      /authorizedNetworks\[0\]/,
    ],
    [
      "an unknown channel",
      { ...gke, releaseChannel: "stable" },
      /^cluster\.releaseChannel: found "stable"; wanted RAPID/,
    ],
    [
      "a window too short for GKE",
      { ...gke, maintenanceWindow: { hours: 3, days: ["MO", "TU", "WE", "TH"] } },
      /^cluster\.maintenanceWindow\.hours: found 3/,
    ],
    [
      "too few hours a week",
      { ...gke, maintenanceWindow: { days: ["MO"], hours: 8 } },
      /^cluster\.maintenanceWindow: .*12 hours/,
    ],
    [
      "a time that is none",
      { ...gke, maintenanceWindow: { start: "24:00" } },
      /^cluster\.maintenanceWindow\.start: found "24:00"/,
    ],
    [
      "a day that is none",
      { ...gke, maintenanceWindow: { days: ["TU", "XX"] } },
      /^cluster\.maintenanceWindow\.days\[1\]/,
    ],
    [
      "fewer nodes at most than at least",
      { ...gke, nodePool: { minNodes: 7 } },
      /^cluster\.nodePool\.maxNodes: .*minNodes, which is 7/,
    ],
    [
      "a family of Arm, whose nodes GKE keeps for pods that ask for them",
      { ...gke, nodePool: { machineType: "c4a-standard-8" } },
      /^cluster\.nodePool\.machineType: found "c4a-standard-8"; .*a family whose disks are known: e2, .*, n4d$/,
    ],
    [
      "a family that is none",
      { ...gke, nodePool: { machineType: "n9-standard-8" } },
      /^cluster\.nodePool\.machineType: .*a family whose disks are known/,
    ],
    ["a machine type that is none", { ...gke, nodePool: { machineType: "big" } }, /^cluster\.nodePool\.machineType/],
    [
      "a misspelt key of the pool",
      { ...gke, nodePool: { minNode: 1 } },
      /^cluster\.nodePool: found an unknown key "minNode"/,
    ],
    ["a switch as text", { ...gke, deletionProtection: "no" }, /^cluster\.deletionProtection: found "no"/],
    ["pod addresses of a cluster that tells pods by itself", { ...gke, podCidrs: ["10.0.0.0/8"] }, /"podCidrs"/],
    [
      "an address for pods' blocks",
      { kind: "existing", context: "x", podCidrs: ["10.244.0.1"] },
      /^cluster\.podCidrs\[0\]: found "10\.244\.0\.1"; .*CIDR/,
    ],
    [
      "all addresses for pods' blocks",
      { kind: "existing", context: "x", podCidrs: ["::/0"] },
      /podCidrs\[0\]: .*not all/,
    ],
    ["pods' blocks twice", { kind: "existing", context: "x", podCidrs: ["10.0.0.0/8", "10.0.0.0/8"] }, /podCidrs\[1\]/],
    [
      "another user's home",
      { kind: "existing", context: "x", kubeconfig: "~root/c" },
      /^cluster\.kubeconfig: .*in full/,
    ],
    [
      "a variable in a path",
      { kind: "existing", context: "x", kubeconfig: "$HOME/c" },
      /^cluster\.kubeconfig: .*variable/,
    ],
    ["no node", { kind: "local", nodes: 0 }, /^cluster\.nodes: found 0; wanted .*1 to 3/],
    [
      "more nodes than a machine has room for",
      { kind: "local", nodes: 4 },
      /^cluster\.nodes: found 4; wanted .*1 to 3/,
    ],
    ["nodes of somebody else's", { kind: "existing", context: "x", nodes: 2 }, /unknown key "nodes"/],
    ["a cluster that no machine has", { kind: "local", name: "prod" }, /^cluster\.name: found "prod"; wanted dev, e2e/],
    ["no path", { kind: "existing", context: "x", kubeconfig: "" }, /^cluster\.kubeconfig: found ""/],
    ["a key of another kind", { ...gke, context: "x" }, /^cluster: found an unknown key "context"/],
    ["no other stack", { kind: "stack" }, /^cluster\.stack: found nothing/],
    ["half of a full name", { kind: "stack", stack: "me/prod" }, /^cluster\.stack: found "me\/prod"/],
  ];
  for (const [name, cluster, problem] of cases) {
    test(name, () => {
      const problems = problemsOf(cluster);
      assert.equal(problems.length, 1, problems.join("\n"));
      assert.match(problems[0] as string, problem);
    });
  }
});
