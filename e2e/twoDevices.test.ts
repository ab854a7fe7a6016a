import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { root } from "../local/machine/checkout.ts";
import { type Background, stopAll, until } from "../testbed/background.ts";
import { homeClients } from "../testbed/homeClients.ts";
import { makeNetwork, removeNetwork } from "../testbed/network.ts";
import { keepFirstDelegate } from "../testbed/stackBakers.ts";
import { Stack, temporary } from "../testbed/testStack.ts";

// Two devices with one key that do not know of each other. Whatever dies, no level is signed twice with different bytes.

const stack = new Stack("e2e-two-devices", 30082);
const { dial, inHome } = homeClients(stack);
const homes = ["home", "office"] as const;
type Home = (typeof homes)[number];
const ports: Readonly<Record<Home, number>> = { home: 8443, office: 8453 };
const sshKeys: Readonly<Record<Home, string>> = { home: "ssh_ed25519", office: "ssh_ecdsa" };
const seconds = 300;

type Entry = { address?: string; kind?: string; level?: number; round?: number; digest?: string; refused?: string };

/** A signer's host: a device and an ssh client, each of which can be killed and comes back. */
class Host {
  readonly #home: Home;
  #device: Background | undefined;
  #client: Background | undefined;
  #output = "";
  #isOver = false;

  constructor(home: Home) {
    this.#home = home;
  }

  async start(): Promise<void> {
    this.startDevice();
    void this.#keepDialled();
  }

  startDevice(): void {
    const script = join(root, "testbed/recordingDevice.ts");
    const keys = join(root, "signer-host/dev/keys/home");
    const state = temporary(`device-${this.#home}`);
    this.#device = inHome(this.#home, process.execPath, script, keys, state, "8442", "100");
  }

  async #keepDialled(): Promise<void> {
    const key = join(root, "signer-host/dev/keys", this.#home, sshKeys[this.#home]);
    const port = ports[this.#home];
    while (!this.#isOver) {
      const forwards = ["-N", "-o", "ExitOnForwardFailure=yes", "-o", "ServerAliveInterval=2"];
      this.#client = await dial(this.#home, key, [...forwards, "-R", `${port}:127.0.0.1:8442`]);
      const { child } = this.#client;
      while (child.exitCode === null && child.signalCode === null) await sleep(100);
      await sleep(1000);
    }
  }

  killTunnel(): void {
    this.#client?.child.kill("SIGKILL");
  }

  /** Has the device hang for a while: its connections stay, and nothing is answered. */
  async hang(ms: number): Promise<void> {
    const { child } = this.#device as Background;
    child.kill("SIGSTOP");
    await sleep(ms);
    child.kill("SIGCONT");
  }

  async restartDevice(ms: number): Promise<void> {
    const device = this.#device as Background;
    device.child.kill("SIGKILL");
    await device.stop();
    this.#output += device.output();
    await sleep(ms);
    this.startDevice();
  }

  records(): Entry[] {
    const text = this.#output + (this.#device?.output() ?? "");
    const lines = text.split("\n").filter((line) => line.startsWith("{") && line.endsWith("}"));
    return lines.map((line) => JSON.parse(line) as Entry);
  }

  output(): string {
    return `${this.#client?.output()}\n${this.#device?.output().split("\n").slice(-20).join("\n")}`;
  }

  stop(): void {
    this.#isOver = true;
  }
}

const hosts: Readonly<Record<Home, Host>> = { home: new Host("home"), office: new Host("office") };

before(async () => {
  stack.change((settings) => {
    keepFirstDelegate(settings.bakers, { signer: [...homes] });
  });
  await stack.npm("up");
  await makeNetwork(homes);
  for (const home of homes) {
    rmSync(temporary(`device-${home}`), { recursive: true, force: true });
    await hosts[home].start();
  }
});

after(async () => {
  for (const host of Object.values(hosts)) host.stop();
  await stopAll();
  await stack.npm("down");
  await removeNetwork(homes);
});

const anyHost = (): Host => hosts[homes[randomInt(homes.length)] as Home];
const signed = (): Entry[] => Object.values(hosts).flatMap((host) => host.records().filter(({ digest }) => digest));

/** The gateway's lines about refused requests, of all pods that there were. */
const refusals = new Set<string>();
async function collectRefusals(): Promise<void> {
  for (const options of [[], ["--previous"]]) {
    const words = ["logs", "deployment/signer-forwarder", ...options];
    const text = await stack.kubectl(...words).catch(() => "");
    for (const line of text.split("\n")) if (line.includes('"refused"')) refusals.add(line);
  }
}

/** How often the forwarder was killed in its pod. Kubernetes waits longer each time before it starts it again. */
let kills = 0;

async function deletePod(): Promise<void> {
  kills = 0;
  await stack.kubectl("delete", "pod", "--selector", "app.kubernetes.io/name=signer-forwarder", "--wait=false");
}

const deeds: readonly (readonly [string, () => Promise<void>])[] = [
  ["a tunnel is killed", async () => anyHost().killTunnel()],
  [
    "a tunnel is killed, and the other one a moment later",
    async () => {
      hosts.home.killTunnel();
      await sleep(randomInt(500));
      hosts.office.killTunnel();
    },
  ],
  ["a device hangs", () => anyHost().hang(randomInt(1000, 9000))],
  ["a device is killed, and is back", () => anyHost().restartDevice(randomInt(100, 6000))],
  [
    "the forwarder is killed in its pod, or its pod deleted if that was so twice",
    async () => {
      if (++kills > 2) return deletePod();
      // The first process of a container can't be sent SIGKILL from inside. With SIGABRT Go ends at once.
      const words = ["exec", "deployment/signer-forwarder", "--", "bash", "-c", "kill -ABRT 1"];
      await stack.kubectl(...words).catch(() => {});
    },
  ],
  ["the forwarder's pod is deleted", deletePod],
  [
    "the baker's pod is deleted",
    async () => {
      await stack.kubectl("delete", "pod", "baker-alice-0", "--wait=false");
    },
  ],
];

test("no level is signed twice, and nothing is refused that should have passed, whatever is killed for five minutes", async () => {
  const output = (): string =>
    Object.values(hosts)
      .map((host) => host.output())
      .join("\n");
  await until("signatures come", 120, () => signed().length > 3, output);
  const done: string[] = [];
  for (const end = Date.now() + seconds * 1000; Date.now() < end; ) {
    const [what, deed] = deeds[randomInt(deeds.length)] as (typeof deeds)[number];
    done.push(`${new Date().toISOString()} ${what}`);
    await collectRefusals();
    await deed();
    await sleep(randomInt(1000, 12_000));
  }
  const before = signed().length;
  await until("signatures come in the end", 180, () => signed().length > before + 6, output);
  await collectRefusals();

  const bytes = new Map<string, Set<string>>();
  for (const { address, kind, level, round, digest } of signed()) {
    const place = `${address} ${kind} level ${level} round ${round}`;
    bytes.set(place, (bytes.get(place) ?? new Set()).add(digest as string));
  }
  const twice = [...bytes].filter(([, digests]) => digests.size > 1).map(([place]) => place);
  assert.deepEqual(twice, [], `signed twice with different bytes, after:\n${done.join("\n")}`);
  assert.deepEqual([...refusals], [], `refused by the gateway, after:\n${done.join("\n")}`);
  const byDevices = Object.values(hosts).flatMap((host) => host.records().flatMap(({ refused }) => refused ?? []));
  assert.deepEqual(byDevices, [], `refused by a device, after:\n${done.join("\n")}`);
  assert.ok(
    bytes.size > seconds / 4,
    `${bytes.size} signatures in ${seconds} s of blocks each 2 s, after:\n${done.join("\n")}`,
  );
});
