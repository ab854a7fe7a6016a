import assert from "node:assert/strict";
import { test } from "node:test";
import { cutNode, joinNode, nodeNamed, rulesOfCut, stopNode } from "./nodeFaults.ts";

test("a cut lets nothing in or out but what stays on the node", () => {
  assert.deepEqual(rulesOfCut(false).split("\n"), [
    "*mangle",
    ":RSC-CUT-IN - [0:0]",
    ":RSC-CUT-OUT - [0:0]",
    ":RSC-CUT-API - [0:0]",
    "-A RSC-CUT-IN -i lo -j RETURN",
    "-A RSC-CUT-IN -i veth+ -j RETURN",
    "-A RSC-CUT-OUT -o lo -j RETURN",
    "-A RSC-CUT-OUT -o veth+ -j RETURN",
    "-A RSC-CUT-IN -j DROP",
    "-A RSC-CUT-OUT -j DROP",
    "COMMIT",
    "",
  ]);
});

test("the control plane stays in reach of all but the pods of the node that is cut", () => {
  const added = rulesOfCut(true)
    .split("\n")
    .filter((rule) => !rulesOfCut(false).includes(rule));
  assert.deepEqual(added, [
    "-A RSC-CUT-IN -p tcp --dport 6443 -j RETURN",
    "-A RSC-CUT-OUT -p tcp --sport 6443 -j RETURN",
    "-A RSC-CUT-IN -p tcp --sport 10250 -j RETURN",
    "-A RSC-CUT-OUT -p tcp --dport 10250 -j RETURN",
    "-A RSC-CUT-API -i veth+ -p tcp --dport 6443 -j DROP",
  ]);
});

test("a node is known by its name, and an unknown one is refused with those that there can be", async () => {
  assert.equal(nodeNamed("rsc-disaster").nodeAddress, "198.18.0.10");
  assert.equal(nodeNamed("rsc-disaster-2").nodeAddress, "198.18.1.10");
  const message =
    /^node: found name "rsc-disaster-4", wanted rsc-dev, rsc-dev-2, rsc-dev-3, rsc-e2e, .*rsc-disaster-3$/;
  for (const fault of [cutNode, joinNode, stopNode]) await assert.rejects(fault("rsc-disaster-4"), { message });
});

test("the node with the control plane can be cut, and not stopped", async () => {
  await assert.rejects(stopNode("rsc-disaster"), { message: /found the control plane on it/ });
});
