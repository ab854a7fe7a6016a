import { setTimeout as sleep } from "node:timers/promises";
import { progress } from "../cli/command.ts";
import type { Manifest } from "../stack/manifest.ts";
import type { Kubectl } from "./kubectl.ts";

/**
 * The time-out for the address of a load balancer, from when the forwarder runs.
 *
 * Clouds take 0.5 to 1.5 minutes. A cluster that makes no load balancers never has one, and reports nothing.
 */
const limitSeconds = 180;

type Ingress = { readonly ip?: string; readonly hostname?: string };

/**
 * Waits until the objects' load balancers have an address, and asks for it every `pauseMs`.
 *
 * Throws after the time-out, because a stack that nobody can dial is not up.
 */
export async function awaitLoadBalancers(
  kubectl: Kubectl,
  objects: readonly Manifest[],
  { seconds = limitSeconds, pauseMs = 1000 } = {},
): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  for (const { metadata, spec } of objects.filter(({ kind }) => kind === "Service")) {
    if ((spec as { type?: string }).type !== "LoadBalancer") continue;
    const { name, namespace = "" } = metadata;
    const addresses = await addressesOf(kubectl, { name, namespace }, deadline, pauseMs);
    if (addresses.length > 0) progress(`the load balancer has the address ${addresses.join(", ")}`);
    else throw new Error(await pending(kubectl, name, namespace, seconds));
  }
}

async function addressesOf(
  kubectl: Kubectl,
  { name, namespace }: { name: string; namespace: string },
  deadline: number,
  pauseMs: number,
): Promise<string[]> {
  for (let said = false; ; said = true) {
    const service = await kubectl(["get", "service", name, "--namespace", namespace, "--output", "json"]);
    const { status } = JSON.parse(service) as { status?: { loadBalancer?: { ingress?: Ingress[] } } };
    const addresses = (status?.loadBalancer?.ingress ?? []).flatMap(({ ip, hostname }) => ip || hostname || []);
    if (addresses.length > 0 || Date.now() > deadline) return addresses;
    if (!said) progress("waiting for the load balancer's address");
    await sleep(pauseMs);
  }
}

/** The error for a missing address, with the reason that the Service's events give, if there are any. */
async function pending(kubectl: Kubectl, name: string, namespace: string, seconds: number): Promise<string> {
  const words = ["get", "events", "--namespace", namespace, "--output", "json"];
  const selector = ["--field-selector", `involvedObject.kind=Service,involvedObject.name=${name}`];
  const answer = await kubectl([...words, ...selector]).catch(() => '{"items": []}');
  const { items } = JSON.parse(answer) as { items: { reason?: string; message?: string }[] };
  const events = items.slice(-3).map(({ message, reason }) => `\n  ${reason}: ${message}`);
  const said =
    events.length > 0
      ? `its events:${events.join("")}`
      : "no event says why: perhaps nothing makes load balancers in this cluster";
  return `service/${name} of namespace ${namespace}: found a load balancer without an address after ${seconds} s, wanted one that signers can dial; the rest of the stack is made, and \`up\` can be run again; if a cluster makes no load balancers, use endpoint.nodePort; ${said}`;
}
