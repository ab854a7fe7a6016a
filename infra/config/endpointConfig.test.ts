import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { describe, test } from "node:test";
import { parseHostKey } from "../keys/sshKey.ts";
import { parseConfig } from "./config.ts";
import { ConfigError } from "./configError.ts";

type Tree = Record<string, unknown>;
const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const hostKey = String(privateKey.export({ type: "sec1", format: "pem" }));
const hostKeyFingerprint = parseHostKey(hostKey).fingerprint;
const existing = { kind: "existing", context: "here" };
const gke = { kind: "gke", project: "my-project", region: "europe-west1", authorizedNetworks: ["203.0.113.0/24"] };
const address = { name: "signers", project: "my-project", region: "europe-west1" };

const parsed = (endpoint: Tree, cluster: Tree = existing) =>
  parseConfig("prod", {
    cluster: JSON.stringify(cluster),
    endpoint: JSON.stringify(endpoint),
    hostKey,
    hostKeyFingerprint,
  }).endpoint;

function problemsOf(work: () => unknown): string[] {
  try {
    work();
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.problems.map(({ path, found, wanted }) => `${path}: found ${found}; wanted ${wanted}`);
  }
}

test("a host is written as ssh looks it up", () => {
  const hosts = ["0:0:0:0:0:0:0:1", "2001:DB8::1", "::ffff:c633:6407", "Signers.Example.ORG", "198.51.100.7"];
  assert.deepEqual(
    hosts.map((host) => parsed({ host, port: 2299 })?.host),
    ["::1", "2001:db8::1", "::ffff:198.51.100.7", "signers.example.org", "198.51.100.7"],
  );
});

test("an address is where the stack's own cluster is, and needs no host", () => {
  assert.deepEqual(parsed({ address: { name: "signers" } }, gke), {
    port: 22,
    alternatePorts: [],
    sourceRanges: [],
    address: { ...address, existing: false },
  });
});

test("an address beside a cluster of somebody else's says where it is", () => {
  const dnsZone = { name: "example" };
  const endpoint = parsed({ host: "s.example.org", address: { ...address, existing: true }, dnsZone });
  assert.deepEqual([endpoint?.address, endpoint?.dnsZone], [{ ...address, existing: true }, dnsZone]);
});

describe("each mistake is one problem that says where it is", () => {
  const node = { host: "a", nodePort: 30022 };
  const inZone = { address, dnsZone: { name: "zone" } };
  const cases: [string, Tree, RegExp, Tree?][] = [
    ["no host and no address", { port: 22 }, /^endpoint\.host: found nothing/],
    ["an address with a port in it", { host: "198.51.100.7:30022" }, /^endpoint\.host: found "198.*without a port/],
    ["an address that is none", { host: "198.51.100.777" }, /^endpoint\.host: found "198.*four numbers/],
    ["a network card", { host: "00:1a:2b:3c:4d:5e" }, /^endpoint\.host: found "00:1a.*network card/],
    ["two dots", { host: "signers..example.org" }, /^endpoint\.host: found "signers.*a dot too many/],
    ["a zone id", { host: "fe80::1%eth0" }, /^endpoint\.host: found "fe80.*zone id/],
    ["a host that is no text", { host: 7 }, /^endpoint\.host: found 7; wanted a DNS name or an IP address/],
    ["a range twice", { host: "a", sourceRanges: ["fd00::/64", "FD00::/64"] }, /sourceRanges\[1\]: .*another block/],
    ["a range with bits behind its prefix", { host: "a", sourceRanges: ["fd00::1/64"] }, /sourceRanges\[0\]: .*no bit/],
    ["a host with a port in it", { host: "example.org:22" }, /^endpoint\.host: found "example.org:22"/],
    ["a port next to a node port", { ...node, port: 22 }, /^endpoint\.port: found 22/],
    ["a node port out of range", { host: "a", nodePort: 22 }, /^endpoint\.nodePort: found 22/],
    [
      "source ranges that nothing would heed",
      { ...node, sourceRanges: ["203.0.113.0/24"] },
      /^endpoint\.sourceRanges: .*load balancer/,
    ],
    ["an address that nothing would have", { ...node, address }, /^endpoint\.address: .*load balancer/],
    [
      "a source range that is an address",
      { host: "a", sourceRanges: ["203.0.113.7"] },
      /^endpoint\.sourceRanges\[0\]: found "203/,
    ],
    [
      "an IPv6 range with too long a prefix",
      { host: "a", sourceRanges: ["2001:db8::/129"] },
      /^endpoint\.sourceRanges\[0\]/,
    ],
    ["the port twice", { host: "a", alternatePorts: [22] }, /^endpoint\.alternatePorts\[0\]: found 22; .*twice/],
    ["an alternate port twice", { host: "a", alternatePorts: [443, 443] }, /^endpoint\.alternatePorts\[1\]: found 443/],
    [
      "an alternate port that no node has",
      { ...node, alternatePorts: [443] },
      /^endpoint\.alternatePorts\[0\]: .*30000 to 32767/,
    ],
    ["an alternate port that is none", { host: "a", alternatePorts: [0] }, /^endpoint\.alternatePorts\[0\]: found 0/],
    [
      "an address that says not where",
      { address: { ...address, region: undefined } },
      /^endpoint\.address\.region: found nothing/,
    ],
    [
      "an address elsewhere",
      { address: { name: "x", region: "us-central1" } },
      /^endpoint\.address\.region: .*"europe-west1"/,
      gke,
    ],
    [
      "an address of another project",
      { address: { name: "x", project: "theirs-1" } },
      /^endpoint\.address\.project/,
      gke,
    ],
    [
      "an address's name that is none",
      { address: { ...address, name: "Signers" } },
      /^endpoint\.address\.name: found "Signers"/,
    ],
    ["a zone without a name in it", inZone, /^endpoint\.host: found nothing; wanted a name in the dnsZone/],
    [
      "a zone and a number",
      { ...inZone, host: "198.51.100.7" },
      /^endpoint\.host: found "198.51.100.7"; wanted a name/,
    ],
    [
      "a zone without an address",
      { host: "s.example.org", dnsZone: { name: "zone" } },
      /^endpoint\.address: found nothing/,
    ],
  ];
  for (const [name, endpoint, problem, cluster] of cases) {
    test(name, () => {
      const problems = problemsOf(() => parsed(endpoint, cluster));
      assert.equal(problems.length, 1, problems.join("\n"));
      assert.match(problems[0] as string, problem);
    });
  }
});

const withReplicas = (endpoint: Tree, cluster: Tree = existing, replicas: unknown = 2) =>
  parseConfig("prod", {
    cluster: JSON.stringify(cluster),
    endpoint: JSON.stringify(endpoint),
    forwarder: JSON.stringify({ replicas }),
    hostKey,
    hostKeyFingerprint,
  });

test("the second replica has the next node port, and is dialled like the first one", () => {
  const { endpoint, secondEndpoint } = withReplicas({ host: "a", nodePort: 30022, alternatePorts: [30443] });
  const shared = { host: "a", port: 22, sourceRanges: [] };
  assert.deepEqual(endpoint, { ...shared, nodePort: 30022, alternatePorts: [30443] });
  assert.deepEqual(secondEndpoint, { ...shared, nodePort: 30023, alternatePorts: [] });
  const second = { host: "b", nodePort: 31022, alternatePorts: [31443] };
  assert.deepEqual(withReplicas({ host: "a", nodePort: 30022, second }).secondEndpoint, { ...shared, ...second });
});

test("a second load balancer has a host or an address of its own, and the first one's rules", () => {
  const sourceRanges = ["203.0.113.0/24"];
  const balanced = { host: "a", port: 2222, sourceRanges };
  assert.deepEqual(withReplicas({ ...balanced, second: { host: "b" } }).secondEndpoint, {
    ...balanced,
    host: "b",
    alternatePorts: [],
  });
  const { secondEndpoint } = withReplicas({ address, second: { address: { ...address, name: "second" } } });
  assert.deepEqual([secondEndpoint?.host, secondEndpoint?.address?.name], [undefined, "second"]);
  const zone = { host: "a.example.org", address, dnsZone: { name: "zone" } };
  const named = { host: "b.example.org", address: { ...address, name: "second" } };
  assert.deepEqual(withReplicas({ ...zone, second: named }).secondEndpoint?.dnsZone, { name: "zone" });
});

test("with one replica there is no second endpoint", () => {
  assert.equal(withReplicas({ host: "a", nodePort: 30022 }, existing, 1).secondEndpoint, undefined);
  assert.equal(parsed({ host: "a", nodePort: 32767 })?.nodePort, 32767);
});

describe("each mistake with two replicas is one problem that says where it is", () => {
  const node = { host: "a", nodePort: 30022 };
  const local = { kind: "local" };
  const cases: [string, Tree, RegExp, Tree?, unknown?][] = [
    ["three of them", node, /^forwarder\.replicas: found 3/, existing, 3],
    ["one node of this machine", node, /^forwarder\.replicas: found 2; wanted 1, or cluster\.nodes of 2/, local],
    [
      "a pool of one node",
      { host: "a", second: { host: "b" } },
      /^forwarder\.replicas: .*cluster\.nodePool\.maxNodes of 2/,
      { ...gke, nodePool: { minNodes: 1, maxNodes: 1 } },
    ],
    ["a second endpoint for one replica", { ...node, second: {} }, /^endpoint\.second: .*replicas: 2/, existing, 1],
    ["no next node port", { ...node, nodePort: 32767 }, /^endpoint\.second\.nodePort: found 32768, the next one/],
    [
      "a next node port that is taken",
      { ...node, alternatePorts: [30023] },
      /^endpoint\.second\.nodePort: found 30023, the next one; wanted a port that is not given twice/,
    ],
    ["a second node port out of range", { ...node, second: { nodePort: 22 } }, /^endpoint\.second\.nodePort: found 22/],
    ["the first one's node port", { ...node, second: { nodePort: 30022 } }, /^endpoint\.second\.nodePort: found 30022/],
    [
      "an alternate port that no node has",
      { ...node, second: { alternatePorts: [443] } },
      /^endpoint\.second\.alternatePorts\[0\]: found 443; wanted a node port/,
    ],
    ["a port next to a node port", { ...node, second: { port: 23 } }, /^endpoint\.second\.port: found 23/],
    ["an address next to a node port", { ...node, second: { address } }, /^endpoint\.second\.address: /],
    ["a load balancer without another host", { host: "a" }, /^endpoint\.second: found no host and no address/],
    ["the same host and port", { host: "a", second: { host: "a" } }, /^endpoint\.second\.host: found "a"/],
    ["a node port beside a load balancer", { host: "a", second: { nodePort: 30023 } }, /^endpoint\.second\.nodePort/],
    [
      "a zone, and an address without a name in it",
      { host: "s.example.org", address, dnsZone: { name: "zone" }, second: { address: { ...address, name: "b" } } },
      /^endpoint\.second: .*both, for a record/,
    ],
    [
      "a second address that says not where",
      { host: "a", second: { address: { ...address, project: undefined } } },
      /^endpoint\.second\.address\.project: found nothing/,
    ],
  ];
  for (const [name, endpoint, problem, cluster, replicas] of cases) {
    test(name, () => {
      const problems = problemsOf(() => withReplicas(endpoint, cluster, replicas));
      assert.equal(problems.length, 1, problems.join("\n"));
      assert.match(problems[0] as string, problem);
    });
  }
});

describe("a forwarder needs a host key and an endpoint", () => {
  const signers = JSON.stringify([
    {
      name: "a",
      sshPublicKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICQRUWv/IFj9LhFlAiBNf2LpKS6FQJoGI37wOA48PHyK",
      port: 8443,
    },
  ]);
  const endpoint = JSON.stringify({ host: "a" });
  const cases: [string, Record<string, string>, string[]][] = [
    ["signers", { signers }, ["hostKey", "endpoint"]],
    ["an endpoint", { endpoint }, ["hostKey"]],
    ["a host key", { hostKey, hostKeyFingerprint }, ["endpoint"]],
    ["a host key's fingerprint", { hostKeyFingerprint }, ["hostKey", "endpoint"]],
    ["two replicas", { forwarder: JSON.stringify({ replicas: 2 }) }, ["hostKey", "endpoint"]],
    ["a next host key", { nextHostKey: hostKey }, ["hostKey", "endpoint"]],
    ["nothing but a cluster", {}, []],
    ["all of it", { endpoint, hostKey, hostKeyFingerprint, signers }, []],
  ];
  for (const [name, values, missing] of cases) {
    test(name, () => {
      const problems = problemsOf(() => parseConfig("prod", { cluster: JSON.stringify(existing), ...values }));
      assert.deepEqual(
        problems.map((problem) => problem.split(":")[0]),
        missing,
      );
    });
  }

  test("one that the stack's file has in the clear is refused, and not shown", () => {
    const values = { cluster: JSON.stringify(existing), endpoint, hostKey, hostKeyFingerprint };
    const [problem = "", ...others] = problemsOf(() => parseConfig("prod", values, (key) => key !== "hostKey"));
    assert.match(problem, /^hostKey: found a plain text; wanted a secure value/);
    assert.deepEqual(others, []);
  });
});
