import { run } from "../local/machine/run.ts";
import { testCluster as cluster, clusterName } from "./testCluster.ts";

/** The router of the tests' signers. Each signer has its own namespace, and all are behind this router's NAT. */
export const router = `rsc-${clusterName}-nat`;
/** The node's end of its link to the router, in the address range reserved for tests, beside the cluster's own. */
const nodeSide = "198.18.255.1";
const routerSide = "198.18.255.2";

/** The network namespace of a signer's home. */
export function homeOf(signer: string): string {
  return `rsc-${clusterName}-${signer}`;
}

/** The words that, put in front of a command, run it in a network namespace and change nothing else. */
export function inside(namespace: string): string[] {
  return ["nsenter", `--net=/run/netns/${namespace}`, "--"];
}

/** A home's link to the router. `index` is its place among the homes that the network was made with. */
export function uplinkOf(index: number, uplink: number) {
  const suffix = uplink === 0 ? "" : String(uplink);
  const net = `10.${99 + uplink}.${index}`;
  return {
    near: `wan${suffix}`,
    far: `home${index}${suffix && `-${suffix}`}`,
    address: `${net}.2`,
    gateway: `${net}.1`,
  };
}

/**
 * Makes the homes and the router, and links the router to the cluster. Replaces those of an earlier run. A home with more
 * than one uplink uses the first, and another one for what is sent from that one's address.
 */
export async function makeNetwork(signers: readonly string[], uplinks = 1): Promise<void> {
  await removeNetwork(signers);
  await makeNamespace(router);
  await command(...inside(router), "sysctl", "-qw", "net.ipv4.ip_forward=1");
  await command(...inside(router), "iptables", "-t", "nat", "-A", "POSTROUTING", "-o", "cloud", "-j", "MASQUERADE");
  for (const [index, signer] of signers.entries()) {
    const home = homeOf(signer);
    await makeNamespace(home);
    for (let uplink = 0; uplink < uplinks; uplink++) {
      const { address: own, far, gateway, near } = uplinkOf(index, uplink);
      const ends = ["add", near, "netns", home, "type", "veth", "peer", "name", far, "netns", router];
      await command("ip", "link", ...ends);
      await address(home, near, `${own}/24`);
      await address(router, far, `${gateway}/24`);
      if (uplink === 0) await command("ip", "-n", home, "route", "add", "default", "via", gateway);
      else {
        const table = String(100 + uplink);
        await command("ip", "-n", home, "route", "add", "default", "via", gateway, "table", table);
        await command("ip", "-n", home, "rule", "add", "from", own, "table", table);
      }
    }
  }
  await linkToCluster();
}

/** Links the router to the cluster's node. Call it again after the cluster has been recreated. */
export async function linkToCluster(): Promise<void> {
  await command("ip", "-n", router, "link", "delete", "cloud").catch(() => {});
  await command(
    "ip",
    "link",
    "add",
    "cloud",
    "netns",
    router,
    "type",
    "veth",
    "peer",
    "name",
    "signers",
    "netns",
    cluster.netns,
  );
  await address(cluster.netns, "signers", `${nodeSide}/30`);
  await address(router, "cloud", `${routerSide}/30`);
  await command("ip", "-n", router, "route", "replace", cluster.nodeAddress, "via", nodeSide);
}

/** Removes the homes and the router. */
export async function removeNetwork(signers: readonly string[]): Promise<void> {
  for (const namespace of [...signers.map(homeOf), router]) {
    await command("ip", "netns", "delete", namespace).catch(() => {});
  }
}

async function makeNamespace(name: string): Promise<void> {
  await command("ip", "netns", "add", name);
  await command("ip", "-n", name, "link", "set", "lo", "up");
}

async function address(namespace: string, link: string, value: string): Promise<void> {
  await command("ip", "-n", namespace, "address", "add", value, "dev", link);
  await command("ip", "-n", namespace, "link", "set", link, "up");
}

function command(...[name = "", ...words]: string[]): Promise<string> {
  return run(name, words);
}
