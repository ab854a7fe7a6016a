import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { forwarderProgram } from "../deploy/cluster/forwarderPod.ts";
import type { SignerEndpoint } from "../infra/signerForwarder.ts";
import { type Progress, stateFolder } from "../local/machine/paths.ts";
import { buildProgram } from "../local/toolchain/go.ts";
import { stopAll, until } from "../testbed/background.ts";
import { makeNetwork, removeNetwork } from "../testbed/network.ts";
import { type SoftwareKey, softwareKey } from "../testbed/softwareKeys.ts";
import { delegateOf } from "../testbed/stackBakers.ts";
import { clusterName } from "../testbed/testCluster.ts";
import { newSigner, Stack } from "../testbed/testStack.ts";
import { AskingBaker, bakerPod, bakerProgram } from "./askingBaker.ts";
import { podOf } from "./forwarderPods.ts";
import { Home } from "./home.ts";
import { podProcesses } from "./podProcess.ts";
import { devicesOf, plainTopology, replicasOf, signersOf, type Topology } from "./topology.ts";

/** From the begin of one level to the begin of the next. Mainnet's is three times that. */
export const levelMs = 2000;
/** A home without a signer, from which strangers come. */
export const strangersHome = "stranger";

const homes = [...signersOf(plainTopology), strangersHome];

/** The hosts that were started, which must end also if the world was never complete. */
const started: Home[] = [];

/** A stack with four keys on three devices, with all that a fault can be done to. */
export type World = {
  readonly stack: Stack;
  readonly baker: AskingBaker;
  readonly homes: readonly Home[];
  readonly endpoints: readonly SignerEndpoint[];
  readonly topology: Topology;
};

/** The stack of a world, which nothing has been made of yet. */
export function chaosStack(): Stack {
  return new Stack("chaos", 30152);
}

/** How large a world is. The config's defaults hold for what is not given. */
export type Size = {
  readonly replicas?: number | undefined;
  /** How many nodes the local cluster has. */
  readonly nodes?: number | undefined;
  /** Whether two of the keys have one device alone. */
  readonly hasOneDevice?: boolean;
};

function setSize(stack: Stack, { nodes, replicas }: Size): void {
  stack.change((settings) => {
    if (nodes !== undefined) settings.cluster = { kind: "local", name: clusterName, nodes };
    if (replicas !== undefined) settings.forwarder = { replicas };
  });
}

/** Makes the world and waits for its first signatures. */
export async function makeWorld(stack: Stack, size: Size, progress: Progress): Promise<World> {
  const { hasOneDevice = false, nodes, replicas } = size;
  const devices = devicesOf(hasOneDevice);
  const signers = devices.map(({ keys, signer }, index) => ({ name: signer, port: 8443 + 10 * index, keys }));
  const keys = await Promise.all([1, 2, 3, 4].map((number) => softwareKey("tz1", number)));
  const entries = await Promise.all(signers.map((signer) => signerEntry(signer.name, signer.port, signer.keys, keys)));
  const leadsTo = (index: number): string | string[] => {
    if (index < 2) return ["home", "office"];
    return hasOneDevice ? "cabin" : ["cabin", "office"];
  };
  stack.change((settings) => {
    settings.signers = entries.map(({ name, port, sshPublicKey }) => ({ name, port, sshPublicKey }));
    const delegates = keys.map(({ address, publicKey }, index) =>
      delegateOf({ name: aliasOf(index), address, publicKey, signer: leadsTo(index) }),
    );
    settings.bakers = settings.bakers.slice(0, 1).map((baker) => ({ ...baker, delegates, dal: false }));
  });
  // The homes reach the cluster by its first node, so the baker is there before there is a second one.
  setSize(stack, { nodes: nodes && 1, replicas: replicas && 1 });
  progress("up");
  await stack.npm("up");
  if (nodes !== undefined || replicas !== undefined) {
    await stack.kubectl("rollout", "status", "statefulset/baker-alice", "--timeout=180s");
    setSize(stack, { nodes, replicas });
    progress(`up, with ${nodes ?? 1} nodes and ${replicas ?? 1} replicas`);
    await stack.npm("up");
  }
  progress("building the signer host's program");
  const program = join(stateFolder, "chaos", "signer-host");
  await buildProgram("./signer-host/wrapper", program, join(stateFolder, "tools"), progress);
  const outputs = await stack.outputs();
  const { signerEndpoints: endpoints } = outputs;
  await makeNetwork(homes, endpoints.length);
  const made = entries.map(({ name, keys: folder, port }, index) => {
    const addresses = (signers[index]?.keys ?? []).map((number) => keys[number - 1]?.address as string);
    const { sshPort } = outputs.signers[name] as { sshPort: number };
    return new Home({ name, stack: stack.name, index, keys: folder, port, sshPort, addresses, program });
  });
  started.push(...made);
  for (const home of made) await home.start(endpoints, outputs.knownHosts);
  await until(`${bakerPod} runs`, 180, () => podProcesses(bakerPod, bakerProgram).length > 0);
  const hasRouter = (await containersOf(stack)).includes("router");
  const urls = await Promise.all(signers.map(({ name, port }) => signerUrl(stack, name, port, hasRouter)));
  const wallet = keys.map(({ address, publicKey }, index) => {
    return { alias: aliasOf(index), address, publicKey, signerUrl: urls[index < 2 ? 0 : 2] as string };
  });
  const baker = new AskingBaker(wallet, levelMs);
  const world: World = {
    ...{ stack, baker, homes: made, endpoints },
    topology: { replicas: endpoints.length, hasRouter, nodes: await nodesOf(stack), devices },
  };
  progress("waiting until every device is reached and every key has signed");
  await until(
    "every signer is connected",
    120,
    () => allConnected(world),
    () => homesOutput(world),
  );
  // Who has no marks asks the first device of a list alone for 15 s after its start (docs/design/router.md).
  const othersAsked = sleep(15_000);
  baker.start();
  const hasSigned = (key: string) => baker.asks().some((ask) => ask.key === key && ask.cause === undefined);
  await until(
    "every key has signed",
    120,
    () => wallet.every(({ alias }) => hasSigned(alias)),
    () => `${homesOutput(world)}\n${baker.output().split("\n").slice(-10).join("\n")}`,
  );
  await othersAsked;
  return world;
}

/** Removes a world, whatever there is of it. */
export async function removeWorld(stack: Stack): Promise<void> {
  for (const home of started) home.end();
  await stopAll();
  await stack.npm("down");
  await removeNetwork(homes);
}

/** Whether each replica has a session of each signer. */
export async function allConnected({ stack, homes: all, topology }: World): Promise<boolean> {
  const connected = async (replica: string) =>
    stack.kubectl("exec", await podOf(stack, replica), "--", forwarderProgram, "connected");
  const answers = await Promise.all(replicasOf(topology).map((replica) => connected(replica).catch(() => "")));
  return answers.every((answer) => all.every(({ name }) => answer.split(/\s+/).includes(name)));
}

function homesOutput({ homes: all }: World): string {
  return all.map((home) => `${home.name}:\n${home.output()}`).join("\n");
}

const aliasOf = (index: number): string => `key-${index + 1}`;

async function signerEntry(name: string, port: number, numbers: readonly number[], keys: readonly SoftwareKey[]) {
  const entry = await newSigner(name, port);
  const secrets = numbers.map((number) => [aliasOf(number - 1), keys[number - 1]?.secretKey]);
  writeFileSync(join(entry.keys, "tezos.json"), JSON.stringify(Object.fromEntries(secrets)));
  return entry;
}

/** Where the baker asks for a signer: its Service, or the router beside it. */
async function signerUrl(stack: Stack, name: string, port: number, hasRouter: boolean): Promise<string> {
  if (hasRouter) return `http://127.0.0.1:${port}`;
  return stack.signerUrl(name, port);
}

async function containersOf(stack: Stack): Promise<string[]> {
  // The router begins before the others, as a container of the pod's start that stays.
  const path = "jsonpath={.spec.initContainers[*].name} {.spec.containers[*].name}";
  return (await stack.kubectl("get", "pod", bakerPod, "--output", path)).split(/\s+/);
}

async function nodesOf(stack: Stack): Promise<number> {
  return (await stack.kubectl("get", "nodes", "--output", "name")).trim().split("\n").length;
}
