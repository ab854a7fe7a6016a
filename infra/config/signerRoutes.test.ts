import assert from "node:assert/strict";
import { test } from "node:test";
import { primarySigner, routeFor, routerSignersOf, signersOf } from "./signerRoutes.ts";

const key = (address: string, signer: string | string[]) => ({ name: address, address, publicKey: "edpk…", signer });
const delegatesOf = (...keys: ReturnType<typeof key>[]) =>
  keys.map((key) => ({ address: key.address, keys: { consensus: [key] } }));
const bakers = [
  {
    name: "alice",
    network: "mainnet",
    delegates: [
      { address: "tz1a", keys: { consensus: [key("tz1a", ["home", "cabin"]), key("tz1b", "office")] } },
      { address: "tz4", keys: { consensus: [key("tz4a", "office")], companion: [key("tz4c", ["home", "cabin"])] } },
    ],
  },
  { name: "bob", network: "sandbox", delegates: delegatesOf(key("tz1d", ["home", "cabin"])) },
  { name: "carol", network: "shadownet", delegates: delegatesOf(key("tz1e", "attic")) },
  {
    name: "dave",
    network: "https://example.org/net.json",
    chainId: "NetXnHfVqm9iesp",
    minimalBlockSeconds: 4,
    delegates: delegatesOf(key("tz1f", "attic")),
  },
];

test("one name is a list of one", () => {
  assert.deepEqual(signersOf(key("tz1a", "home")), ["home"]);
  assert.deepEqual(signersOf(key("tz1a", ["home", "cabin"])), ["home", "cabin"]);
});

test("a baker asks the first signer of a key", () => {
  assert.equal(primarySigner(key("tz1a", ["home", "cabin"])), "home");
  assert.equal(primarySigner(key("tz1b", "office")), "office");
});

test("a route answers for the keys that have its signer first, and lets their bakers in, each named once", () => {
  assert.deepEqual(routeFor("home", bakers), {
    keys: [
      { address: "tz1a", chainId: "NetXdQprcVkpaWU", minimalBlockSeconds: 6 },
      { address: "tz4c", chainId: "NetXdQprcVkpaWU", minimalBlockSeconds: 6 },
      { address: "tz1d", minimalBlockSeconds: 1 },
    ],
    fallbacks: ["cabin"],
    bakers: ["baker-alice", "baker-bob"],
  });
});

test("a route answers for the keys of bakers outside of the stack as well, and lets them in by their addresses", () => {
  const outside = (name: string, address: string, signer: string | string[], ...sourceRanges: string[]) => ({
    ...{ name, network: "mainnet", delegates: delegatesOf(key(address, signer)), sourceRanges },
  });
  const outsideBakers = [
    outside("erin", "tz1g", "attic", "10.20.0.7/32", "10.20.0.8/32"),
    outside("frank", "tz1h", ["home", "attic"], "10.20.0.7/32", "10.20.0.9/32"),
    outside("grace", "tz1i", "cellar"),
  ];
  assert.deepEqual(routeFor("attic", bakers.slice(2, 3), outsideBakers), {
    keys: [
      { address: "tz1e", chainId: "NetXsqzbfFenSTS", minimalBlockSeconds: 1 },
      { address: "tz1g", chainId: "NetXdQprcVkpaWU", minimalBlockSeconds: 6 },
    ],
    fallbacks: [],
    bakers: ["baker-carol"],
    sourceRanges: ["10.20.0.7/32", "10.20.0.8/32", "10.20.0.9/32"],
  });
  assert.deepEqual(routeFor("cellar", [], outsideBakers), {
    keys: [{ address: "tz1i", chainId: "NetXdQprcVkpaWU", minimalBlockSeconds: 6 }],
    fallbacks: [],
    bakers: [],
  });
});

test("a key has its network's chain and block time, unless its baker says otherwise", () => {
  assert.deepEqual(routeFor("attic", bakers).keys, [
    { address: "tz1e", chainId: "NetXsqzbfFenSTS", minimalBlockSeconds: 1 },
    { address: "tz1f", chainId: "NetXnHfVqm9iesp", minimalBlockSeconds: 4 },
  ]);
});

test("a signer that is a fallback alone answers for nothing at its own port, which the routers of its bakers reach", () => {
  assert.deepEqual(routeFor("cabin", bakers), { keys: [], fallbacks: [], bakers: ["baker-alice", "baker-bob"] });
});

test("a signer that no key names lets nobody in", () => {
  assert.deepEqual(routeFor("shed", bakers), { keys: [], fallbacks: [], bakers: [] });
});

const signers = ["attic", "cabin", "home", "office", "shed"].map((name, i) => ({
  ...{ name, port: 8443 + 10 * i, answerSeconds: 5 + i, device: { kind: "ledger" } as const },
}));

test("a baker's router is told of the devices of its own keys, first ones and fall-backs, and of no other baker's", () => {
  const [alice, , , dave] = bakers as [(typeof bakers)[0], unknown, unknown, (typeof bakers)[0]];
  assert.deepEqual(routerSignersOf(alice, signers), [
    { name: "cabin", port: 8453, answerSeconds: 6 },
    {
      name: "home",
      port: 8463,
      answerSeconds: 7,
      keys: [
        { address: "tz1a", chainId: "NetXdQprcVkpaWU", minimalBlockSeconds: 6 },
        { address: "tz4c", chainId: "NetXdQprcVkpaWU", minimalBlockSeconds: 6 },
      ],
      fallbacks: ["cabin"],
    },
    {
      name: "office",
      port: 8473,
      answerSeconds: 8,
      keys: ["tz1b", "tz4a"].map((address) => ({ address, chainId: "NetXdQprcVkpaWU", minimalBlockSeconds: 6 })),
    },
  ]);
  assert.deepEqual(routerSignersOf(dave, signers), [
    {
      name: "attic",
      port: 8443,
      answerSeconds: 5,
      keys: [{ address: "tz1f", chainId: "NetXnHfVqm9iesp", minimalBlockSeconds: 4 }],
    },
  ]);
});
