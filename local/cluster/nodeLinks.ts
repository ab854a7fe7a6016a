import { attempt, run } from "../machine/run.ts";
import type { Layout } from "./layout.ts";

/**
 * The nodes of a cluster reach each other by a link for each two of them, from namespace to namespace. The machine's own
 * network is not part of it, so it need not forward packets.
 */

/** The name of a node's link to another, as `ip link` lists it in the node's namespace. */
export function linkTo(other: Layout): string {
  return `to-${other.netns.replace(/^rsc-/, "")}`;
}

/** The commands for `ip -batch` that lead from a node to another and to the other's pods. */
export function routesTo(node: Layout, other: Layout): string[] {
  const device = linkTo(other);
  return [
    `link set ${device} up`,
    // The link has no addresses of its own: each node is known by its one address, whoever asks.
    `route replace ${other.nodeAddress}/32 dev ${device} src ${node.nodeAddress}`,
    `route replace ${other.podCidr} via ${other.nodeAddress} dev ${device} onlink src ${node.nodeAddress}`,
  ];
}

/** Links two nodes of a cluster, unless they are linked. */
export async function linkNodes(one: Layout, other: Layout): Promise<void> {
  const ends = [[one, other] as const, [other, one] as const];
  const found = await Promise.all(
    ends.map(([node, peer]) => attempt("ip", ["-netns", node.netns, "link", "show", "dev", linkTo(peer)])),
  );
  if (found.some(({ code }) => code !== 0)) {
    // The kernel takes its time to remove the end that leads to a namespace which is gone.
    for (const [node, peer] of ends) await attempt("ip", ["-netns", node.netns, "link", "delete", linkTo(peer)]);
    const peer = ["peer", "name", linkTo(one), "netns", other.netns];
    await run("ip", ["link", "add", linkTo(other), "netns", one.netns, "type", "veth", ...peer]);
  }
  for (const [node, peer] of ends) {
    await run("ip", ["-netns", node.netns, "-batch", "-"], { input: `${routesTo(node, peer).join("\n")}\n` });
  }
}
