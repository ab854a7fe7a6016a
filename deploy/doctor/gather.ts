import { routerLog, routerMarks, routerPage } from "../cluster/bakerRouter.ts";
import type { ForwarderPod } from "../cluster/forwarderPod.ts";
import { parseExposition, type Sample, sampleValue } from "../observe/exposition.ts";
import { type Answer, valueIn } from "./answer.ts";
import { askHostKeys, askPort, lookUp } from "./endpointQuestions.ts";
import type { ConfigFacts, Facts, HostFacts, PageAnswer, RouterFacts } from "./facts.ts";
import { bytesIn, octezTagsIn, podsIn, serviceAddressesIn } from "./kubernetesFacts.ts";

/** How far back the log is read, in minutes. With four keys it has about 1 MB in an hour. */
const logMinutes = 60;
/** How far back a router's log is read, in minutes: a little more than what is judged of it. */
const routerLogMinutes = 3;

/**
 * Finds out all that the doctor wants to know of a stack whose config is valid, at one replica of its forwarder, with one
 * of its signers or all of them. `routersOf` tells of the bakers' routers, which are the same at each replica. It changes
 * nothing.
 */
export async function gather(
  stack: string,
  config: ConfigFacts,
  pod: ForwarderPod,
  routersOf: () => Promise<readonly RouterFacts[]>,
  signer?: string,
): Promise<Facts> {
  const known = { stack, now: Date.now(), config: { value: config } };
  const [endpoint, cluster] = await Promise.all([endpointFacts(config), ask(() => hasNamespace(pod, stack))]);
  if (valueIn(cluster) !== true) return { ...known, ...endpoint, cluster };
  const [pods, serviceAddresses, octezTags] = await Promise.all([
    ask(async () =>
      podsIn(await get(pod, "pods", "--selector", `app.kubernetes.io/instance=${pod.replica}`), known.now),
    ),
    ask(() => dialledAddresses(pod)),
    ask(async () => octezTagsIn(await get(pod, "statefulsets"))),
  ]);
  const found = { ...known, ...endpoint, cluster, pods, serviceAddresses, octezTags };
  if (!valueIn(pods)?.some(({ isReady }) => isReady)) return found;
  const metrics = await ask(async () => parseExposition((await pod.page("/metrics")).text));
  const signers = config.signers.filter(({ name }) => signer === undefined || name === signer);
  const hosts = await hostFacts(pod, signers, valueIn(metrics) ?? []);
  const [log, bytes, routers] = await Promise.all([
    ask(() => pod.log(logMinutes)),
    ask(async () => bytesIn(await pod.run("cat", "/proc/net/dev"))),
    routersOf(),
  ]);
  return { ...found, metrics, hosts, log, bytes, routers };
}

/**
 * What the guards of all replicas and all routers remember. Each knows of what it has passed on itself: a replica may
 * have had no request for hours, and begins without memory in a new pod. So none of them alone can be compared with a
 * device. They are to be asked after the devices, which are otherwise not above them while a baker asks.
 */
export function marksOfGuards(
  pods: readonly [Guarded, ...Guarded[]],
  bakers: readonly string[],
): Promise<Answer<string[]>> {
  const [first] = pods;
  const asked = [...pods.map((pod) => pod.marks()), ...bakers.map((baker) => routerMarks(first, baker))];
  return ask(async () => (await Promise.all(asked)).flat());
}

type Guarded = Pick<ForwarderPod, "marks" | "output">;

/** Asks a question, and keeps the error if there is no answer. */
async function ask<T>(question: () => Promise<T>): Promise<Answer<T>> {
  try {
    return { value: await question() };
  } catch (error) {
    return { error: (error as Error).message };
  }
}

/** What signers find at the endpoint, as this machine sees it. */
async function endpointFacts({ endpoint }: ConfigFacts): Promise<Pick<Facts, "resolved" | "ports" | "shownKeys">> {
  const { host, port, alternatePorts } = endpoint;
  const all = [port, ...alternatePorts].map(async (each) => ({
    port: each,
    answer: await ask(() => askPort(host, each)),
  }));
  const [resolved, ports, shownKeys] = await Promise.all([
    ask(() => lookUp(host)),
    Promise.all(all),
    ask(() => askHostKeys(host, port)),
  ]);
  return { resolved, ports, shownKeys };
}

/** What the routers of all bakers say. `pod` reaches the stack. */
export async function routerFacts(pod: ForwarderPod, bakers: readonly string[]): Promise<RouterFacts[]> {
  return Promise.all(
    bakers.map(async (baker) => {
      const [metrics, log] = await Promise.all([
        ask(async () => parseExposition(await routerPage(pod, baker, "/metrics"))),
        ask(() => routerLog(pod, baker, routerLogMinutes)),
      ]);
      return { baker, metrics, log };
    }),
  );
}

async function hasNamespace(pod: ForwarderPod, stack: string): Promise<boolean> {
  return (await getText(pod, "namespace", stack, "--ignore-not-found", "--output", "name")) !== "";
}

/** An object, or a list of them, as kubectl prints it. */
async function get(pod: ForwarderPod, ...words: string[]): Promise<unknown> {
  return JSON.parse(await getText(pod, ...words, "--output", "json"));
}

async function getText(pod: ForwarderPod, ...words: string[]): Promise<string> {
  const { code, stdout, all } = await pod.kubectl("get", ...words, "--request-timeout=10s");
  if (code !== 0) throw new Error(all.trim().split("\n").at(-1));
  return stdout.trim();
}

/** The addresses at which the Service is dialled. Some clouds' load balancers have a name instead of an address. */
async function dialledAddresses(pod: ForwarderPod): Promise<string[]> {
  const names = serviceAddressesIn(await get(pod, `service/${pod.replica}`), await get(pod, "nodes"));
  return (await Promise.all(names.map(lookUp))).flat();
}

/** The pages of the hosts that have a tunnel, one after the other: a host's link is never asked for two at once. */
async function hostFacts(
  pod: ForwarderPod,
  signers: ConfigFacts["signers"],
  metrics: readonly Sample[],
): Promise<Record<string, HostFacts>> {
  const hosts: Record<string, HostFacts> = {};
  for (const { name, keys } of signers) {
    if (sampleValue(metrics, "signer_tunnel_up", { signer: name }) !== 1) continue;
    const health = await ask(() => pod.page(`/signers/${name}/healthz?fresh=true`));
    const pages: Record<string, PageAnswer> = {};
    for (const key of keys) pages[key] = await ask(() => pod.page(`/signers/${name}/statusz/${key}`));
    // The gateway knows this from its own check.
    const authorized = await ask(() => pod.page(`/signers/${name}/authorized_keys`));
    hosts[name] = { health, authorized, keys: pages };
  }
  return hosts;
}
