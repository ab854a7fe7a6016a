import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { problemOfRepository, routerImageOf } from "./imageConfig.ts";

for (const repository of [
  "node",
  "tezos/tezos",
  "localhost/signer-forwarder",
  "localhost:5000/a",
  "registry:5000/a/b",
  "docker.io/library/node",
  "europe-west1-docker.pkg.dev/my-project/bakers/signer-forwarder",
  "198.51.100.7:5000/a__b/c-d.e",
])
  test(`${repository} is where an image comes from`, () => assert.equal(problemOfRepository(repository), undefined));

describe("what no runtime reads is refused in words that say why", () => {
  const cases: [string, RegExp][] = [
    ["https://registry.example.org/a", /without a protocol/],
    ["docker://a", /without a protocol/],
    ["tezos/tezos:octez-v25.2", /without its tag/],
    ["registry:5000/a:1", /without its tag/],
    ["node:24", /without its tag/],
    [`tezos/tezos@sha256:${"0".repeat(64)}`, /without its digest/],
    ["Tezos/tezos", /lower case/],
    ["registry.example.org/", /repository/],
    ["/a", /repository/],
    ["a//b", /repository/],
    ["a/-b", /repository/],
    ["a b", /repository/],
    ["a..b", /repository/],
    ["registry.example.org:port/a", /repository/],
    [`a/${"b".repeat(254)}`, /repository/],
    ["", /repository/],
  ];
  for (const [repository, wanted] of cases)
    test(repository.slice(0, 40), () => assert.match(problemOfRepository(repository) ?? "", wanted));
});

test("a router has the forwarder's image, or one of its own by the same way", () => {
  const signerForwarder = { repository: "registry.example.org/a", tag: "2", digest: `sha256:${"0f".repeat(32)}` };
  assert.equal(routerImageOf({}), undefined);
  assert.deepEqual(routerImageOf({ signerForwarder }), signerForwarder);
  assert.deepEqual(routerImageOf({ signerForwarder, router: { tag: "1" } }), {
    repository: "registry.example.org/a",
    tag: "1",
  });
  const router = { repository: "registry.example.org/b", tag: "1" };
  assert.deepEqual(routerImageOf({ signerForwarder, router }), router);
  assert.deepEqual(routerImageOf({ router: { tag: "1" } }), { tag: "1" });
});
