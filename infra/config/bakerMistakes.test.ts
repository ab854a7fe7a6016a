import assert from "node:assert/strict";
import { test } from "node:test";
import { bootstrap1, bootstrap2, type good, problemsAfter, type Tree } from "./sampleConfig.ts";

const tz4 = {
  name: "consensus",
  address: "tz4J46gb6DxDFYxkex8k9sKiYZwjuiaoNSqN",
  publicKey: "BLpk1yoPpFtFF3jGUSn2GrGzgHVcj1cm5o6HTMwiqSjiTNFSJskXFady9nrdhoZzrG6ybXiTSK5G",
  signer: "home",
};
const other4 = {
  name: "companion",
  address: "tz4EECtMxAuJ9UDLaiMZH7G1GCFYUWsj8HZn",
  publicKey: "BLpk1yUiLJ7RezbyViD5ZvWTfQndM3TRRYmvYWkUfH2EJqsLFnzzvpJss6pbuz3U1DDMpk8v16nV",
  signer: "home",
};
const baker = (keys: Tree, address = bootstrap1.address) => ({ delegates: [{ address, keys }] });
const p2p = { port: 9732 };

type Case = [name: string, change: Tree, ...problems: RegExp[]];
const cases: Case[] = [
  ["a companion key of a tz4 consensus key", baker({ consensus: [bootstrap1, tz4], companion: [other4] })],
  [
    "the form of earlier versions",
    { delegates: undefined, keys: [bootstrap1], snapshotUrl: "https://example.org/rolling" },
    /^bakers\[0\]\.delegates: found nothing; wanted a list of delegates$/,
    /^bakers\[0\]\.keys: found a list; wanted no keys here: bakers\[\]\.delegates is \[\{address: tz1…, keys: \{consensus: \[\{name, /,
    /^bakers\[0\]\.snapshotUrl: found "https.*; wanted no snapshotUrl: bakers\[\]\.snapshot is \{url: /,
  ],
  [
    "a delegate that is no tz address",
    baker({ consensus: [bootstrap1] }, "KT1PWx2mnDueood7fEmfbBDKx1D9BAnnXitn"),
    /^bakers\[0\]\.delegates\[0\]\.address: found "KT1.*; wanted an address that starts with tz1/,
  ],
  [
    "a companion key without a tz4",
    baker({ consensus: [bootstrap1], companion: [tz4] }),
    /companion: found a list; wanted no companion key, or a consensus key that is a tz4/,
  ],
  [
    "a companion key that is no tz4",
    baker({ consensus: [tz4], companion: [bootstrap2] }),
    /companion\[0\]\.address: found "tz1.*; wanted a tz4/,
  ],
  [
    "a companion key that is the consensus key",
    baker({ consensus: [tz4], companion: [{ ...tz4, name: "again" }] }),
    /companion\[0\]\.address: found "tz4.*; wanted another than that of bakers\[0\]\.delegates\[0\]\.keys\.consensus\[0\], a consensus key$/,
  ],
  [
    "a companion key that is a delegate",
    baker({ consensus: [tz4], companion: [other4] }, other4.address),
    /companion\[0\]\.address: found "tz4.*; wanted another than that of bakers\[0\]\.delegates\[0\], which is a delegate$/,
  ],
  [
    "another delegate's own key",
    {
      delegates: [
        { address: bootstrap1.address, keys: { consensus: [bootstrap1] } },
        { address: tz4.address, keys: { consensus: [tz4] } },
        { address: bootstrap2.address, keys: { consensus: [{ ...other4, name: "third" }] } },
        { address: other4.address, keys: { consensus: [{ ...bootstrap2, name: "fourth" }] } },
      ],
    },
    /delegates\[2\]\.keys\.consensus\[0\]\.address: found .* wanted a key below bakers\[0\]\.delegates\[3\], whose own key it is$/,
    /delegates\[3\]\.keys\.consensus\[0\]\.address: found .* wanted a key below bakers\[0\]\.delegates\[2\], whose own key it is$/,
  ],
  [
    "a delegate twice",
    {
      delegates: [
        { address: bootstrap1.address, keys: { consensus: [bootstrap1] } },
        { address: bootstrap1.address, keys: { consensus: [tz4] } },
      ],
    },
    /delegates\[1\]\.address: found "tz1.*; wanted another than that of bakers\[0\]\.delegates\[0\]$/,
  ],
  [
    "an alias twice in one wallet",
    baker({ consensus: [tz4], companion: [{ ...other4, name: "consensus" }] }),
    /companion\[0\]\.name: found "consensus"; wanted another than that of .*consensus\[0\]\.name$/,
  ],
  [
    "the alias of the key that signs requests",
    baker({ consensus: [{ ...bootstrap1, name: "authentication" }] }),
    /consensus\[0\]\.name: found "authentication"; wanted another name: the wallet has a key authentication/,
  ],
  ["no DAL", { dal: false }],
  ["a DAL node behind NAT", { dal: {} }],
  ["a DAL node behind a node port", { dal: { endpoint: { host: "203.0.113.7", nodePort: 31732 } } }],
  ["DAL that is a text", { dal: "no" }, /^bakers\[0\]\.dal: found "no"; wanted false, or an object/],
  [
    "a DAL endpoint by name",
    { dal: { endpoint: { host: "dal.example.org" } } },
    /host: found "dal.*; wanted an IP address/,
  ],
  ["a DAL endpoint nowhere", { dal: { endpoint: {} } }, /endpoint\.host: found nothing; wanted an IP address/],
  [
    "a DAL endpoint with two addresses",
    {
      dal: {
        endpoint: { host: "203.0.113.7", address: { name: "dal", project: "my-project", region: "europe-west1" } },
      },
    },
    /endpoint\.host: found "203.*; wanted no host next to an address/,
  ],
  [
    "a reserved DAL address on a cluster of another kind",
    { dal: { endpoint: { address: { name: "dal" } } } },
    /dal\.endpoint\.address\.project: found nothing; wanted the project/,
    /dal\.endpoint\.address\.region: found nothing; wanted the region/,
  ],
  [
    "a DAL port that the node has",
    { dal: { endpoint: { host: "203.0.113.7", nodePort: 31732 } }, p2p: { nodePort: 31732 } },
    /^bakers\[0\]\.p2p\.nodePort: found 31732; wanted a node port that bakers\[0\]\.dal\.endpoint\.nodePort does not have$/,
  ],
  ["a node port that is none", { p2p: { nodePort: 80 } }, /p2p\.nodePort: found 80; wanted a node port/],
  ["a P2P port of a load balancer", { p2p }],
  ["a sum that is none", { snapshot: { url: "https://a/b", sha256: "abc" } }, /snapshot\.sha256: found "abc"/],
  [
    "a block that is none",
    { snapshot: { url: "https://a/b", blockHash: "BLabc" } },
    /snapshot\.blockHash: found "BLabc"/,
  ],
  ["a snapshot without a URL", { snapshot: { sha256: "0".repeat(64) } }, /snapshot\.url: found nothing/],
  [
    "a time-out of no time",
    { remoteCallsTimeout: 0.5 },
    /remoteCallsTimeout: found 0\.5; wanted a number of seconds from 1 to 600/,
  ],
  [
    "a fee in tez",
    { operations: { minimalFees: 0.0001 } },
    /minimalFees: found 0\.0001; wanted a whole number of mutez/,
  ],
  [
    "a node that is no URL",
    { extraNodes: ["node:8732"] },
    /extraNodes\[0\]: found "node:8732"; wanted an http or https URL/,
  ],
  [
    "arguments that Octez has",
    {
      extraArgs: {
        node: ["--connections=40", "--peer", "a:9732", "--peer", "b:9732", "-v", "-v"],
        dalNode: ["--verbose", "--peers", "a:11732"],
        baker: ["--pre-emptive-forge-time", "0.5"],
        accuser: ["--preserved-levels", "100"],
      },
    },
  ],
  [
    "arguments that Octez has not",
    {
      extraArgs: {
        node: ["--conections", "40", "--private-mode=yes"],
        dalNode: ["--peers"],
        baker: ["--base-dir", "/tmp", "--pidfile", "/tmp/a", "-P", "/tmp/b"],
        accuser: [1],
      },
    },
    /^bakers\[0\]\.extraArgs\.node\[0\]: found "--conections"; wanted an option of `run` of Octez 25$/,
    /^bakers\[0\]\.extraArgs\.node\[1\]: found "40"; wanted an option, or the value of the one before$/,
    /^bakers\[0\]\.extraArgs\.node\[2\]: found "--private-mode=yes"; wanted no value for it$/,
    /^bakers\[0\]\.extraArgs\.dalNode\[0\]: found "--peers"; wanted its value after it$/,
    /^bakers\[0\]\.extraArgs\.baker\[0\]: found "--base-dir"; wanted an option of `run with local node` of Octez 25$/,
    /^bakers\[0\]\.extraArgs\.baker\[1\]: found "\/tmp"; wanted an option, or/,
    /^bakers\[0\]\.extraArgs\.baker\[4\]: found "-P"; wanted no option that is there already$/,
    /^bakers\[0\]\.extraArgs\.accuser\[0\]: found 1; wanted a text$/,
  ],
  [
    "arguments that the pod has",
    {
      extraArgs: {
        node: ["-d", "/tmp"],
        dalNode: ["-E", "http://a", "--attester=tz1", "--metrics-addr", ":1"],
        baker: ["--votefile", "/tmp/a", "--without-dal"],
      },
    },
    /^bakers\[0\]\.extraArgs\.node\[0\]: found "-d"; wanted an option that the pod does not depend on$/,
    /dalNode\[0\]: found "-E"; wanted an option that the pod does not depend on$/,
    /dalNode\[2\]: found "--attester=tz1"; wanted bakers\[\]\.delegates instead$/,
    /dalNode\[3\]: found "--metrics-addr"; wanted monitoring instead$/,
    /baker\[0\]: found "--votefile"; wanted bakers\[\]\.liquidityBakingToggleVote instead$/,
    /baker\[2\]: found "--without-dal"; wanted bakers\[\]\.dal instead$/,
  ],
  [
    "memory that is none",
    { resources: { node: { requests: { memory: "16GB" } } } },
    /memory: found "16GB"; wanted a Kubernetes quantity/,
  ],
  ["a container without a name", { extraContainers: [{ image: "x" }] }, /extraContainers\[0\]\.name: found nothing/],
  ["an annotation that is a number", { podAnnotations: { a: 1 } }, /podAnnotations\.a: found 1; wanted a text/],
];

for (const [name, change, ...problems] of cases) {
  test(`${name}: ${problems.length === 0 ? "accepted" : "a problem that says where"}`, () => {
    const found = problemsAfter(({ bakers }: ReturnType<typeof good>) => void Object.assign(bakers[0] as Tree, change));
    assert.equal(found.length, problems.length, found.join("\n"));
    for (const [i, problem] of problems.entries()) assert.match(found[i] as string, problem);
  });
}

test("a key is a consensus key of one baker alone", () => {
  const found = problemsAfter(({ bakers }) => {
    Object.assign(bakers[0] as Tree, baker({ consensus: [tz4], companion: [other4] }));
    bakers.push({ name: "bob", network: "mainnet", ...baker({ consensus: [other4] }, bootstrap2.address) });
  });
  assert.deepEqual(found, [
    `bakers[1].delegates[0].keys.consensus[0].address: found "${other4.address}"; wanted another than that of bakers[0].delegates[0].keys.companion[0], a companion key`,
  ]);
});

test("a reserved address, and a port of another one, are one Service's", () => {
  const address = { name: "mine", project: "my-project", region: "europe-west1" };
  const found = problemsAfter((config) => {
    Object.assign(config, { endpoint: { address } });
    Object.assign(config.bakers[0] as Tree, { dal: { endpoint: { address } } });
  });
  assert.deepEqual(found, [
    'bakers[0].dal.endpoint.address.name: found "mine"; wanted an address that endpoint.address.name does not have',
  ]);
  const host = "203.0.113.7";
  const ports = problemsAfter((config) => {
    Object.assign(config, { endpoint: { host, alternatePorts: [11732] } });
    Object.assign(config.bakers[0] as Tree, { dal: { endpoint: { host } } });
  });
  assert.deepEqual(ports, [
    "bakers[0].dal.endpoint.port: found 11732; wanted a port that endpoint.alternatePorts[0] does not have",
  ]);
});

test("seeds are 32 bytes, two of them differ, and a problem does not show them", () => {
  const seed = Buffer.alloc(32, 7).toString("base64");
  const wrong = seed.slice(4);
  const found = (change: Tree) => problemsAfter((config) => void Object.assign(config, change));
  assert.deepEqual(found({ authenticationSeed: seed }), []);
  assert.deepEqual(found({ authenticationSeed: seed, nextAuthenticationSeed: seed }), [
    "nextAuthenticationSeed: found the same seed; wanted another than authenticationSeed",
  ]);
  assert.match(
    found({ nextAuthenticationSeed: seed }).join(),
    /^nextAuthenticationSeed: found a seed; wanted none without/,
  );
  const [problem = ""] = found({ authenticationSeed: wrong });
  assert.match(problem, /^authenticationSeed: found a text of 40 characters; wanted 32 bytes in base64/);
  assert.ok(!problem.includes(wrong.slice(0, 8)));
});
