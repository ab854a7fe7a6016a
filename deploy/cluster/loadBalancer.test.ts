import assert from "node:assert/strict";
import { test } from "node:test";
import type { Manifest } from "../stack/manifest.ts";
import { awaitLoadBalancers } from "./loadBalancer.ts";

const service = (type: string): Manifest => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "signer-forwarder", namespace: "dev" },
  spec: { type },
});

/** A time-out that expires at once. */
const now = { seconds: 0, pauseMs: 1 };

/** A cluster whose Service has these addresses, one set for each answer, and these events. */
function cluster(answers: object[][], events: object[] = []) {
  const asked: string[] = [];
  const kubectl = async (words: string[]) => {
    asked.push(words.join(" "));
    if (words[1] === "events") return JSON.stringify({ items: events });
    const ingress = answers.length > 1 ? answers.shift() : answers[0];
    return JSON.stringify({ status: { loadBalancer: ingress?.length ? { ingress } : {} } });
  };
  return { asked, kubectl };
}

test("a load balancer is waited for until it has an address, a number or a name", async () => {
  for (const address of [{ ip: "203.0.113.7" }, { hostname: "lb.example.org" }]) {
    const { asked, kubectl } = cluster([[], [{}], [address]]);
    await awaitLoadBalancers(kubectl, [service("LoadBalancer")], { seconds: 30, pauseMs: 1 });
    assert.equal(asked.length, 3);
    assert.equal(asked[0], "get service signer-forwarder --namespace dev --output json");
  }
});

test("one that has none after the limit fails, with what its cloud says of it", async () => {
  const event = { reason: "SyncLoadBalancerFailed", message: "quota exceeded" };
  await assert.rejects(
    awaitLoadBalancers(cluster([[]], [event]).kubectl, [service("LoadBalancer")], now),
    /^Error: service\/signer-forwarder of namespace dev: found a load balancer without an address after 0 s, wanted one that signers can dial; .*\n {2}SyncLoadBalancerFailed: quota exceeded$/,
  );
});

test("one of a cluster that makes none fails, and says what such a cluster has instead", async () => {
  await assert.rejects(
    awaitLoadBalancers(cluster([[]]).kubectl, [service("LoadBalancer")], now),
    /endpoint\.nodePort; no event says why: perhaps nothing makes load balancers/,
  );
});

test("a node port has no address to wait for", async () => {
  const { asked, kubectl } = cluster([[]]);
  await awaitLoadBalancers(kubectl, [service("NodePort"), service("ClusterIP")], now);
  assert.deepEqual(asked, []);
});
