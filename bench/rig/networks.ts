import { run } from "../../local/machine/run.ts";
import { homeOf, inside, makeNetwork, removeNetwork, router } from "../../testbed/network.ts";
import { onExit } from "../base/cleanup.ts";
import type { Ended } from "../base/ended.ts";
import type { Words } from "../base/programs.ts";

// The networks of the programs. The signers' homes are behind a router, as in the end-to-end tests. The router leads to
// the cluster, and by a link of the same kind to a second cloud, in which the servers of the comparison run.

const cloud = "rsc-bench-cloud";
/** The second cloud's end of its link to the router, in the address range reserved for tests. */
export const cloudAddress = "198.18.254.1";
const routerSide = "198.18.254.2";

/** The words that run a program in the home of the measured signers. */
export const home = inside(homeOf("home"));
/** The words that run a program in the second cloud, with the servers of the comparison and their bakers. */
export const otherCloud = inside(cloud);

/** Makes the home, the router and the second cloud. */
export async function makeNetworks(): Promise<void> {
  onExit("the network of the homes", () => removeNetwork(["home"]));
  await makeNetwork(["home"]);
  await removeCloud();
  onExit("the network of the second cloud", removeCloud);
  await command("ip", "netns", "add", cloud);
  await command("ip", "-n", cloud, "link", "set", "lo", "up");
  await command(...words("ip link add peers netns", router, "type veth peer name uplink netns", cloud));
  await command(...words("ip -n", cloud, "address add", `${cloudAddress}/30`, "dev uplink"));
  await command(...words("ip -n", router, "address add", `${routerSide}/30`, "dev peers"));
  await command(...words("ip -n", cloud, "link set uplink up"));
  await command(...words("ip -n", router, "link set peers up"));
  await command(...inside(router), ...words("iptables -t nat -A POSTROUTING -o peers -j MASQUERADE"));
  await command(...inside(router), ...words("iptables -I FORWARD -i home0 ! -s", addressOf(0), "-j DROP"));
  await command(...inside(router), ...words("iptables -I FORWARD 2 -o home0 ! -d", addressOf(0), "-j DROP"));
  // Otherwise, removing a link's first address removes the others too.
  await command(...home, ...words("sysctl -qw net.ipv4.conf.all.promote_secondaries=1"));
  for (const place of [home, otherCloud]) await manyConnections(place);
}

async function removeCloud(): Promise<void> {
  await command("ip", "netns", "delete", cloud).catch(() => {});
}

/** Lets programs in a place open thousands of connections a second without running out of ports. */
export async function manyConnections(place: Words): Promise<void> {
  const settings = ["net.ipv4.ip_local_port_range=20000 65000", "net.ipv4.tcp_tw_reuse=1"];
  await command(...place, "sysctl", "-qw", ...settings);
}

/** The home's nth address on its link. It starts with number 0. */
function addressOf(n: number): string {
  // The router has the first of the network's 254 addresses.
  return `10.99.0.${(n % 250) + 2}`;
}

/** The number of the home's current address. */
let current = 0;

/** Gives the home another address. Connections of the previous one break silently: neither side is notified. */
export async function moveHome(): Promise<Ended> {
  const [before, after] = [addressOf(current), addressOf(current + 1)];
  current++;
  await command(...words("ip -n", homeOf("home"), "address add", `${after}/24`, "dev wan"));
  await passOnly(after);
  const gone = Date.now();
  await command(...words("ip -n", homeOf("home"), "address delete", `${before}/24`, "dev wan"));
  return { since: gone, gone };
}

/** Cuts the home off silently until it moves: neither side is notified. */
export function cutHome(): Promise<void> {
  return passOnly("0.0.0.0");
}

/** Makes the router drop all packets from and to the home, except those of one of its addresses. */
async function passOnly(address: string): Promise<void> {
  const chain = [...inside(router), "iptables"];
  await command(...chain, ...words("-R FORWARD 1 -i home0 ! -s", address, "-j DROP"));
  await command(...chain, ...words("-R FORWARD 2 -o home0 ! -d", address, "-j DROP"));
}

function words(...parts: string[]): [string, ...string[]] {
  return parts.flatMap((part) => part.split(" ")) as [string, ...string[]];
}

async function command(...[name = "", ...rest]: string[]): Promise<void> {
  await run(name, rest);
}
