import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { bytesIn, octezTagsIn, podsIn, serviceAddressesIn } from "./kubernetesFacts.ts";

const now = Date.parse("2026-11-28T12:00:00Z");
const startTime = "2026-11-28T11:00:00Z";
const ready = { type: "Ready", status: "True" };
const pod = (status: object, metadata: object = {}) => ({
  items: [{ metadata, status: { startTime, phase: "Running", ...status } }],
});

describe("a pod", () => {
  const running = { ready: true, restartCount: 2, state: { running: { startedAt: startTime } } };
  const cases: readonly [string, unknown, object[]][] = [
    [
      "that is ready",
      pod({ conditions: [ready], containerStatuses: [running] }),
      [{ isReady: true, restarts: 2, seconds: 3600 }],
    ],
    [
      "whose image can't be pulled",
      pod({
        conditions: [
          { type: "Ready", status: "False", reason: "ContainersNotReady", message: "containers with unready status" },
        ],
        containerStatuses: [
          { ready: false, restartCount: 0, state: { waiting: { reason: "ImagePullBackOff", message: "Back-off" } } },
        ],
      }),
      [{ isReady: false, restarts: 0, seconds: 3600, reason: "ImagePullBackOff: Back-off" }],
    ],
    [
      "that finds no node",
      {
        items: [
          {
            metadata: {},
            status: {
              phase: "Pending",
              conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message: "0/1 nodes" }],
            },
          },
        ],
      },
      [{ isReady: false, restarts: 0, seconds: 0, reason: "Unschedulable: 0/1 nodes" }],
    ],
    [
      "that says nothing yet",
      { items: [{ metadata: {}, status: { phase: "Pending" } }] },
      [{ isReady: false, restarts: 0, seconds: 0, reason: "Pending" }],
    ],
    ["that is being deleted is none", pod({ conditions: [ready] }, { deletionTimestamp: startTime }), []],
  ];
  for (const [what, list, pods] of cases) test(what, () => assert.deepEqual(podsIn(list, now), pods));
});

const nodes = {
  items: [
    {
      status: {
        addresses: [
          { type: "InternalIP", address: "10.0.0.4" },
          { type: "Hostname", address: "a" },
          { type: "ExternalIP", address: "203.0.113.4" },
        ],
      },
    },
  ],
};

test("a Service is dialled at its load balancer, or of a node port at any node", () => {
  const balancer = (ingress?: object[]) => ({
    spec: { type: "LoadBalancer" },
    status: { loadBalancer: ingress ? { ingress } : {} },
  });
  assert.deepEqual(serviceAddressesIn(balancer([{ ip: "203.0.113.7" }, { hostname: "lb.example.org" }]), nodes), [
    "203.0.113.7",
    "lb.example.org",
  ]);
  assert.deepEqual(serviceAddressesIn(balancer(), nodes), []);
  assert.deepEqual(serviceAddressesIn({ spec: { type: "NodePort" }, status: {} }, nodes), ["10.0.0.4", "203.0.113.4"]);
});

test("the tags of the bakers' Octez are those of octez-baker's images", () => {
  const set = (...images: string[]) => ({
    spec: {
      template: {
        spec: { containers: images.map((image, i) => ({ name: i === 0 ? "octez-baker" : "other", image })) },
      },
    },
  });
  const list = {
    items: [
      set("tezos/tezos:octez-v25.2", "x:1"),
      set("registry.example.org:5000/tezos@sha256:00"),
      set("localhost/tezos:octez-v24.4"),
    ],
  };
  assert.deepEqual(octezTagsIn(list), ["octez-v25.2", "00", "octez-v24.4"]);
});

test("the bytes of a pod are those of its interfaces, without the loopback", () => {
  const text = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 9000000    1000    0    0    0     0          0         0  9000000    1000    0    0    0     0       0          0
  eth0: 1000    10    0    0    0     0          0         0   200    5    0    0    0     0       0          0
`;
  assert.equal(bytesIn(text), 1200);
  assert.throws(() => bytesIn("nothing"), /found no interface/);
});
