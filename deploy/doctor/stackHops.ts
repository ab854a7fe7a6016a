import { bakerRelease } from "../../infra/names/releaseNames.ts";
import { replicaNames, routedName } from "../../infra/names/replicaNames.ts";
import { durationText } from "../observe/duration.ts";
import { samplesOf } from "../observe/exposition.ts";
import { stateIn } from "../recovery/remains.ts";
import { errorIn, valueIn } from "./answer.ts";
import type { ConfigFacts, Facts, PodFacts, RouterFacts } from "./facts.ts";
import { bad, type Judgement, ok, unknown } from "./finding.ts";
import type { Hop } from "./hops.ts";

/** The hops of the whole stack: from the config to the endpoint that signers dial. */
export const stackHops: readonly Hop<Facts>[] = [
  { name: "config", after: () => [], judge: judgeConfig },
  { name: "cluster", after: () => ["config"], judge: (facts) => judgeCluster(facts, configOf(facts)) },
  { name: "forwarder", after: () => ["cluster"], judge: (facts) => judgeForwarder(facts, configOf(facts)) },
  { name: "routers", after: () => ["forwarder"], judge: (facts) => judgeRouters(facts, configOf(facts)) },
  { name: "name", after: () => ["cluster"], judge: (facts) => judgeName(facts, configOf(facts)) },
  { name: "port", after: () => ["name", "forwarder"], judge: (facts) => judgePorts(facts, configOf(facts)) },
  { name: "host key", after: () => ["port"], judge: (facts) => judgeHostKey(facts, configOf(facts)) },
  { name: "traffic", after: () => ["forwarder"], judge: judgeTraffic },
];

/** The command that brings the stack to its config. */
export function up({ stack }: Facts): string {
  return `npm run up -- --stack ${stack}`;
}

/** The config, for hops that depend on it. */
function configOf({ config }: Facts): ConfigFacts {
  if ("error" in config) throw new Error("this hop depends on the config");
  return config.value;
}

function judgeConfig({ config }: Facts): Judgement {
  if ("error" in config) return bad(config.error, "correct the stack's config: docs/reference/config.md has each key");
  const { signers } = config.value;
  const keys = new Set(signers.flatMap((signer) => signer.keys));
  return ok(`${signers.length} signers, ${keys.size} keys`);
}

function judgeCluster(facts: Facts, { isLocal, kubectl }: ConfigFacts): Judgement {
  const { cluster } = facts;
  if (valueIn(cluster) === true) return ok(`answers, and has the namespace ${facts.stack}`);
  if (valueIn(cluster) === false) return bad(`has no namespace ${facts.stack}`, up(facts));
  const error = errorIn(cluster);
  const state = stateIn(error);
  const cure = isLocal
    ? `${up(facts)} starts this machine's own cluster`
    : state === "absent"
      ? "see cluster.context and cluster.kubeconfig of the config: kubectl config get-contexts"
      : state === "refuses"
        ? `log in to the cluster again, until this works: ${kubectl} get pods`
        : `see that the cluster runs, and that this machine reaches its address: ${kubectl} get --raw /readyz`;
  return bad(error, cure);
}

function judgeForwarder(facts: Facts, config: ConfigFacts): Judgement {
  const { metrics, pods } = facts;
  const list = valueIn(pods);
  if (!list)
    return bad(
      `can't be looked at: ${errorIn(pods)}`,
      `until this works, nothing can be told: ${config.kubectl} get pods`,
    );
  if (list.length === 0) return bad("it has no pod", up(facts));
  const ready = list.filter(({ isReady }) => isReady);
  if (ready.length === 0) return bad(reasonOf(list), podCure(list, config));
  const samples = valueIn(metrics);
  if (!samples) {
    const error = errorIn(metrics);
    // The usage of a program without this command, or no such program.
    if (/forwarder (marks|forget)|no such file/.test(error)) {
      return bad(
        "its image is older than this checkout",
        "build and push the image of this release: docs/guide/drain-and-upgrade.md",
      );
    }
    return bad(
      `its pod runs and can't be asked: ${error}`,
      `until this works, nothing can be told: ${config.kubectl} exec ${deploymentOf(config)} -- true`,
    );
  }
  const known = samplesOf(samples, "signer_tunnel_up").map(({ labels }) => labels.signer);
  // One without an ssh key can't dial in, and the forwarder need not know it.
  const callers = config.signers.filter(({ fingerprints }) => fingerprints.length > 0);
  const missing = callers.filter(({ name }) => !known.includes(name)).map(({ name }) => name);
  if (missing.length > 0) return bad(`it does not know ${missing.join(", ")} of the config`, up(facts));
  const [{ seconds, restarts }] = ready as [PodFacts];
  return ok(`its pod runs for ${durationText(seconds)}, started again ${restarts} times`);
}

function reasonOf(pods: readonly PodFacts[]): string {
  return `its pod is not ready: ${pods.map(({ reason = "no reason given" }) => reason).join("; ")}`;
}

function deploymentOf({ replica }: ConfigFacts): string {
  return `deployment/${replicaNames[replica]}`;
}

function podCure(pods: readonly PodFacts[], config: ConfigFacts): string {
  const { kubectl } = config;
  const reasons = pods.map(({ reason = "" }) => reason).join(" ");
  if (/ImagePull|InvalidImage|ErrImage/.test(reasons)) {
    return "see images.signerForwarder of the config, and that the cluster may pull that image; then npm run up";
  }
  if (/CrashLoop|Error|Completed/.test(reasons))
    return `see why it ends: ${kubectl} logs ${deploymentOf(config)} --previous`;
  if (/Unschedulable/.test(reasons)) return `give the cluster room for it: ${kubectl} describe pods`;
  return `see its events: ${kubectl} describe pods --selector app.kubernetes.io/name=signer-forwarder`;
}

/** Each baker's router, which its octez-baker has as its signer, and what it has of the replica. */
function judgeRouters({ routers = [] }: Facts, config: ConfigFacts): Judgement | Judgement[] {
  if (routers.length === 0) return ok("the config has no baker");
  const judgements = routers.map((router) => judgeRouter(router, config));
  const wrong = judgements.filter(({ state }) => state !== "ok");
  return wrong.length > 0 ? wrong : ok(judgements.map(({ found }) => found).join("; "));
}

function judgeRouter({ baker, metrics }: RouterFacts, { kubectl, replica }: ConfigFacts): Judgement {
  const logs = `${kubectl} logs statefulset/${bakerRelease(baker)} --container router`;
  const samples = valueIn(metrics);
  if (!samples) return bad(`${baker}: can't be asked: ${errorIn(metrics)}`, `see its pod, and ${logs}`);
  const lanes = samplesOf(samples, "router_replica_up");
  const replicas = [...new Set(lanes.map(({ labels }) => labels.replica ?? ""))];
  const isUp = (name: string) => lanes.some(({ labels, value }) => labels.replica === name && value === 1);
  const silent = replicas.filter((name) => !isUp(name));
  // Another one that is silent is a finding at that replica, if its pod is there.
  const own = silent.find((name) => name.startsWith(`${routedName(replica)}.`));
  if (own !== undefined) {
    return bad(
      `${baker}: gets no answer from ${own}`,
      `see why: ${logs}. The forwarder's NetworkPolicy lets bakers in, and the cluster's DNS has the name`,
    );
  }
  const chosen = samplesOf(samples, "router_chosen").map(({ labels: { port = "", signer = "" } }) =>
    port === signer ? port : `${signer} instead of ${port}`,
  );
  return ok(
    `${baker}: reaches ${replicas.length - silent.length} of ${replicas.length} replicas, asks ${chosen.join(", ") || "nobody yet"}`,
  );
}

function judgeName(facts: Facts, { endpoint, kubectl }: ConfigFacts): Judgement {
  const { resolved, serviceAddresses } = facts;
  const addresses = valueIn(resolved);
  const wanted = valueIn(serviceAddresses);
  const ofService = wanted?.join(", ");
  if (!addresses) {
    const record = ofService ? ` with the address ${ofService}` : "";
    return bad(
      `${endpoint.host}: ${errorIn(resolved)}`,
      `give the name a DNS record${record}, or correct endpoint.host`,
    );
  }
  const found = addresses.includes(endpoint.host) ? endpoint.host : `${endpoint.host} is ${addresses.join(", ")}`;
  if (!wanted) return unknown(`${found}; ${errorIn(serviceAddresses)}`, `${kubectl} get service signer-forwarder`);
  if (endpoint.isNodePort) {
    if (addresses.some((each) => wanted.includes(each))) return ok(`${found}, an address of a node`);
    return unknown(
      `${found}, no address of a node (${ofService})`,
      "see that what has this address leads to a node, such as a router",
    );
  }
  if (wanted.length === 0) {
    return bad(
      "the load balancer has no address",
      `see its events: ${kubectl} describe service signer-forwarder; a cluster that makes none needs endpoint.nodePort`,
    );
  }
  if (addresses.some((each) => wanted.includes(each))) return ok(`${found}, the address of the Service`);
  return bad(`${found}, and the Service has ${ofService}`, `give the name a DNS record with the address ${ofService}`);
}

/** Whether any signer has a session now. */
function isAnybodyConnected({ metrics }: Facts): boolean {
  return samplesOf(valueIn(metrics) ?? [], "signer_tunnel_up").some(({ value }) => value === 1);
}

function judgePorts(facts: Facts, { endpoint }: ConfigFacts): Judgement {
  const ports = facts.ports ?? [];
  const silent = ports.flatMap(({ port, answer }) => ("error" in answer ? [`${port}: ${answer.error}`] : []));
  if (silent.length === 0) {
    const greetings = ports.map(({ port, answer }) => `${port} greets: ${valueIn(answer)}`);
    return ok(greetings.join("; "));
  }
  const found = `${endpoint.host} at ${silent.join("; ")}`;
  if (isAnybodyConnected(facts)) {
    return unknown(
      `${found}, from this machine; a signer is connected`,
      "see that endpoint.sourceRanges and this network let this machine out to it, and dial it from elsewhere",
    );
  }
  return bad(
    found,
    `see that firewalls and endpoint.sourceRanges let signers in; if the port of the config has changed: ${up(facts)}`,
  );
}

function judgeHostKey(facts: Facts, { hostKeys }: ConfigFacts): Judgement {
  const shown = valueIn(facts.shownKeys);
  if (!shown) return unknown(errorIn(facts.shownKeys), "run it again, with an OpenSSH client on PATH");
  const foreign = shown.filter((key) => !hostKeys.includes(key));
  if (foreign.length === 0) return ok("the pinned one");
  return bad(
    "the endpoint shows another host key than the config has, so no signer talks to it",
    `if you have changed hostKey: ${up(facts)}. Else something else answers at this address: see name and port`,
  );
}

/** Shorter than this, the bytes of a day can't be told from those of the start. */
const leastSeconds = 600;

function judgeTraffic({ bytes, pods }: Facts): Judgement {
  const count = valueIn(bytes);
  const seconds = Math.max(0, ...(valueIn(pods) ?? []).map((pod) => pod.seconds));
  if (count === undefined) return unknown(errorIn(bytes), "see what the uplink's provider counts");
  if (seconds < leastSeconds)
    return unknown(`the pod runs for ${durationText(seconds)}`, "run it again 10 min after the pod's start");
  const megabytes = ((count / seconds) * 86_400) / 1e6;
  return ok(
    `${megabytes.toFixed(megabytes < 10 ? 1 : 0)} MB a day, all tunnels, bakers and scrapes of the pod together`,
  );
}
