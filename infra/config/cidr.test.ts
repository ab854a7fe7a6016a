import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { cidrs } from "./cidr.ts";

const problems = (schema: ReturnType<typeof cidrs>, texts: unknown) =>
  schema.safeParse(texts).error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`) ?? [];
const both = cidrs("IPv4 or IPv6", "a list");

for (const block of [
  "203.0.113.0/24",
  "203.0.113.7/32",
  "0.0.0.0/0",
  "::/0",
  "fd00::/8",
  "2001:DB8::1/128",
  "64:ff9b::/96",
])
  test(`${block} is a block of addresses`, () => assert.deepEqual(problems(both, [block]), []));

describe("what is no block of addresses is refused", () => {
  for (const block of [
    "203.0.113.7",
    "203.0.113.7/24",
    "203.0.113.0/33",
    "203.0.113.0/024",
    "203.0.113.0/-1",
    "203.0.113.0/",
    "203.0.113.777/32",
    "203.0.113/24",
    "2001:db8::1/64",
    "2001:db8::/129",
    "fe80::%eth0/64",
    "fe80::/64%eth0",
    "::ffff:203.0.113.0/120",
    " 203.0.113.0/24",
    "",
  ])
    test(JSON.stringify(block), () => assert.match(problems(both, [block])[0] ?? "", /^0: .*CIDR notation/));
});

test("a block is given once, however it is written", () => {
  assert.deepEqual(problems(both, ["fd00::/64", "10.0.0.0/8", "FD00:0::/64"]), ["2: another block than that of [0]"]);
});

test("IPv4 alone, and not all there are, where the list says so", () => {
  assert.equal(problems(cidrs("IPv4", "a list"), ["fd00::/64"]).length, 1);
  const some = cidrs("IPv4 or IPv6", "a list", 1);
  assert.equal(problems(some, ["0.0.0.0/0", "::/0", "0.0.0.0/1"]).length, 2);
});
