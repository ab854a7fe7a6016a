import assert from "node:assert/strict";
import { test } from "node:test";
import { localAccess, localClusterNames, mostLocalNodes } from "../../infra/config/localCluster.ts";
import { clusterLayout, clusterNames, mostNodes, nodeLayouts } from "../../local/cluster/layout.ts";

const numberOf = (address: string): number =>
  address.split(".").reduce((number, part) => number * 256 + Number(part), 0);

test("what the config says of this machine's clusters is true of them", () => {
  assert.deepEqual(localClusterNames, clusterNames);
  assert.equal(mostLocalNodes, mostNodes);
  for (const name of clusterNames) {
    const { context, podCidrs } = localAccess(name);
    assert.equal(context, clusterLayout(name).context);
    const [block = "", size] = (podCidrs[0] as string).split("/");
    for (const { podCidr } of nodeLayouts(clusterLayout(name), 1)) {
      const offset = numberOf(podCidr.split("/")[0] as string) - numberOf(block);
      assert.ok(offset >= 0 && offset + 256 <= 2 ** (32 - Number(size)), podCidr);
    }
  }
});
