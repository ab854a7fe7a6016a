import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { clusterDown, clusterStatus } from "../../local/cluster/localCluster.ts";
import type { Progress } from "../../local/machine/paths.ts";
import { until } from "../../testbed/background.ts";
import { delegateOf } from "../../testbed/stackBakers.ts";
import { clusterName } from "../../testbed/testCluster.ts";
import { Stack, temporary, withoutPulumi } from "../../testbed/testStack.ts";
import { onExit } from "../base/cleanup.ts";
import { type Ended, ended } from "../base/ended.ts";
import { processesIn, type Words } from "../base/programs.ts";
import type { Address } from "../rig/link.ts";
import { manyConnections } from "../rig/networks.ts";
import { addressesOf, type BenchSigner, home, office, type TezosKey } from "../rig/signers.ts";
import type { SignerAddress } from "../rig/traffic.ts";

export type ForwarderSigner = {
  readonly name: string;
  readonly sshPublicKey: string;
  readonly port: number;
  /** The keys that the baker asks it to sign with, each for a delegate of its own. */
  readonly keys?: readonly TezosKey[];
  /** The two tz4 of a further delegate that attests to the DAL. */
  readonly pair?: { readonly consensus: TezosKey; readonly companion: TezosKey };
};
type Pod = {
  metadata: { name: string; uid: string; deletionTimestamp?: string };
  status: { containerStatuses?: { name: string; containerID?: string; ready: boolean }[] };
};

/** A baker's delegates that sign with keys of a signer. */
function delegatesOf({ name: signer, keys = [], pair }: Pick<ForwarderSigner, "name" | "keys" | "pair">) {
  const delegates = keys.map((key, i) => delegateOf({ ...key, name: `${signer}-${i}`, signer }));
  if (!pair) return delegates;
  const consensus = [{ ...pair.consensus, name: `${signer}-consensus`, signer }];
  const companion = [{ ...pair.companion, name: `${signer}-companion`, signer }];
  return [...delegates, { address: pair.consensus.address, keys: { consensus, companion } }];
}

/** Our forwarder in the test cluster, in the bench's own stack, with a baker's pod beside it. */
export class Forwarder {
  readonly #stack = new Stack("bench", 30024);
  /** The uid of the pod that the bakers' programs run in. */
  #baker = "";

  /** Brings the stack up with the dev stack's signers and its baker. The baker is not started. */
  async up(progress: Progress): Promise<void> {
    if (clusterStatus(clusterName).state === "absent") onExit("the cluster", () => clusterDown(clusterName, progress));
    progress("bringing the stack up");
    // Removes the remains of a run that could not clean up.
    await this.#npm("down");
    onExit("the stack", () => this.#npm("down"));
    this.#stack.change((settings) => {
      const [baker] = settings.bakers;
      for (const signer of [home, office]) baker?.delegates.push(...delegatesOf(signer));
    });
    await this.#npm("up");
    await this.#stack.kubectl("scale", "statefulset/baker-alice", "--replicas=0");
    await this.#startBaker();
    await this.pid();
  }

  /** Makes or removes the stack without the pulumi CLI, which would wait for more than this needs. */
  async #npm(command: "up" | "down"): Promise<void> {
    await withoutPulumi(() => this.#stack.npm(command));
  }

  /** Starts an empty pod that looks like the baker's to the cluster. The bench runs its own programs in it. */
  async #startBaker(): Promise<void> {
    const { spec } = JSON.parse(await this.#stack.kubectl("get", "statefulset/baker-alice", "--output", "json")) as {
      spec: { template: { metadata: { labels: Record<string, string> } } };
    };
    const container = {
      name: "baker",
      image: "localhost/remote-signer-cloud/pause:1",
      imagePullPolicy: "Never",
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
    };
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "bench", labels: spec.template.metadata.labels },
      spec: {
        automountServiceAccountToken: false,
        securityContext: { runAsNonRoot: true, runAsUser: 65534, seccompProfile: { type: "RuntimeDefault" } },
        containers: [container],
      },
    };
    writeFileSync(temporary("bench-pod.json"), JSON.stringify(pod));
    await this.#stack.kubectl("apply", "--filename", temporary("bench-pod.json"));
    const uid = (await this.#stack.kubectl("get", "pod/bench", "--output", "jsonpath={.metadata.uid}")).trim();
    await until("the baker's pod runs", 60, () => processesIn(uid).length > 0);
    await manyConnections(enter(uid));
    this.#baker = uid;
  }

  /** Where bakers find a signer: from their pod, at the signer's Service. */
  async signerAddress(signer: BenchSigner): Promise<SignerAddress> {
    const { name, port } = signer;
    return {
      place: enter(this.#baker),
      address: new URL(await this.#stack.signerUrl(name, port)).host,
      keys: addressesOf(signer),
    };
  }

  /**
   * Writes the configuration of the baker's router to a folder, as the stack has it, with the replica's address for its
   * name, which only a pod can look up. Returns the place that the router runs in.
   */
  async routerIn(folder: string): Promise<Words> {
    const words = ["get", "configmap/baker-alice-router", "--output", "jsonpath={.data.router\\.json}"];
    const config = JSON.parse(await this.#stack.kubectl(...words)) as object;
    const replica = ["get", "service/signer-forwarder-replica-0", "--output", "jsonpath={.spec.clusterIP}"];
    const replicas = [(await this.#stack.kubectl(...replica)).trim()];
    writeFileSync(join(folder, "router.json"), JSON.stringify({ ...config, replicas, marks: join(folder, "marks") }));
    return enter(this.#baker);
  }

  /** The server that signers dial, with its user and host key. */
  async server(): Promise<Address & { user: string; hostKey: string }> {
    const { knownHosts, signerEndpoints } = await withoutPulumi(() => this.#stack.outputs());
    return { ...signerEndpoints[0], hostKey: knownHosts.split("\n")[0]?.split(" ").slice(1).join(" ") ?? "" };
  }

  /** Adds signers to the stack, and their keys to its baker. */
  async addSigners(signers: readonly ForwarderSigner[]): Promise<void> {
    this.#stack.change((settings) => {
      const [baker] = settings.bakers;
      for (const signer of signers) {
        const { keys, pair, ...entry } = signer;
        settings.signers.push(entry);
        baker?.delegates.push(...delegatesOf(signer));
      }
    });
    await this.#npm("up");
    // The changed wallet would start the baker.
    await this.#stack.kubectl("scale", "statefulset/baker-alice", "--replicas=0");
  }

  /** Waits until the pod is ready. Returns a process of the container with sshd. */
  async pid(): Promise<number> {
    const [pid] = await until("the forwarder is ready", 60, async () => {
      const pod = await this.#pod();
      const ready = pod?.status.containerStatuses?.every(({ ready }) => ready);
      const pids = pod && ready ? await this.#containerPids(pod) : [];
      return pids.length > 0 && pids;
    });
    return pid as number;
  }

  /** All processes of its pod. */
  async pids(): Promise<number[]> {
    const pod = await this.#pod();
    return pod ? processesIn(pod.metadata.uid) : [];
  }

  async #containerPids(pod: Pod): Promise<number[]> {
    const status = pod.status.containerStatuses?.find(({ name }) => name === "forwarder");
    const id = status?.containerID?.replace(/^.*:\/\//, "");
    return id ? processesIn(id) : [];
  }

  async #pod(): Promise<Pod | undefined> {
    const words = ["get", "pods", "--selector", "app.kubernetes.io/name=signer-forwarder", "--output", "json"];
    const { items } = JSON.parse(await this.#stack.kubectl(...words)) as { items: Pod[] };
    return items.find(({ metadata }) => metadata.deletionTimestamp === undefined);
  }

  /** Deletes its pod, which Kubernetes replaces. */
  async kill(): Promise<Ended> {
    const pod = await this.#pod();
    if (!pod) throw new Error("the forwarder: found no pod, wanted one to delete");
    const pids = await this.#containerPids(pod);
    return ended(async () => {
      await this.#stack.kubectl("delete", "pod", pod.metadata.name, "--wait=false");
      await until("the forwarder's pod ends", 60, () => !pids.some((pid) => existsSync(`/proc/${pid}`)));
    });
  }
}

/** The words that run a program in a pod's network. */
function enter(podUid: string): Words {
  const [pid] = processesIn(podUid);
  if (pid === undefined) throw new Error(`pod ${podUid}: found no process of it`);
  return ["nsenter", `--net=/proc/${pid}/ns/net`, "--"];
}
