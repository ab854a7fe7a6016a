import { run } from "../../local/machine/run.ts";
import { homeOf, inside, makeNetwork, removeNetwork, router } from "../../testbed/network.ts";
import { onExit } from "../base/cleanup.ts";
import type { Ended } from "../base/ended.ts";
import type { Words } from "../base/programs.ts";

// Where the programs are. The signers' homes are behind a router, as in the end-to-end tests; the router leads to the cluster,
// and by a link of the same kind to a second cloud, where the servers run that ours is compared with.

const cloud = "rsc-bench-cloud";
/** The second cloud's address and the router's end of that link, in the range that is set aside for tests. */
export const cloudAddress = "198.18.254.1";
const routerSide = "198.18.254.2";

/** The home of the signers that are measured. */
export const home = inside(homeOf("home"));
/** Where the servers run that ours is compared with, and the bakers that ask them. */
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
  // Otherwise a link's further addresses go with its first one.
  await command(...home, ...words("sysctl -qw net.ipv4.conf.all.promote_secondaries=1"));
  for (const place of [home, otherCloud]) await manyConnections(place);
}

async function removeCloud(): Promise<void> {
  await command("ip", "netns", "delete", cloud).catch(() => {});
}

/** Lets a place open connections for each request, thousands a second, without running out of ports. */
export async function manyConnections(place: Words): Promise<void> {
  const settings = ["net.ipv4.ip_local_port_range=20000 65000", "net.ipv4.tcp_tw_reuse=1"];
  await command(...place, "sysctl", "-qw", ...settings);
}

/** The home's address number n on its link; the first one is what it starts with. */
function addressOf(n: number): string {
  // Of its network's 254 the router has the first.
  return `10.99.0.${(n % 250) + 2}`;
}

/** Which address the home has. */
let current = 0;

/** Gives the home another address. What went from and to the one before ends without a word to either side. */
export async function moveHome(): Promise<Ended> {
  const [before, after] = [addressOf(current), addressOf(current + 1)];
  current++;
  await command(...words("ip -n", homeOf("home"), "address add", `${after}/24`, "dev wan"));
  await passOnly(after);
  const gone = Date.now();
  await command(...words("ip -n", homeOf("home"), "address delete", `${before}/24`, "dev wan"));
  return { since: gone, gone };
}

/** Cuts the home off, without a word to either side, until it moves. */
export function cutHome(): Promise<void> {
  return passOnly("0.0.0.0");
}

/** Has the router drop whatever is not from or to one address of the home. */
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
