import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Kubectl } from "../cluster/kubectl.ts";
import type { Manifest } from "../stack/manifest.ts";
import { awaitSigners, claimsOf, examine, stateIn } from "./remains.ts";

describe("what kubectl says tells how the cluster is", () => {
  // The errors of kubectl 1.34 for clusters in these states.
  const cases: [string, ReturnType<typeof stateIn>][] = [
    ['error: context "gone" does not exist', "absent"],
    ["error: stat .local/none.kubeconfig: no such file or directory", "absent"],
    ["The connection to the server 198.18.0.6:6443 was refused - did you specify the right host or port?", "silent"],
    ["Unable to connect to the server: dial tcp: lookup gone.example.org: no such host", "silent"],
    [
      "Unable to connect to the server: net/http: request canceled (Client.Timeout exceeded while awaiting headers)",
      "silent",
    ],
    ["Unable to connect to the server: dial tcp 198.18.0.6:6443: connect: no route to host", "silent"],
    [
      'Error from server (InternalError): an error on the server ("[+]ping ok\\n[-]etcd failed: reason withheld") has prevented the request',
      "failing",
    ],
    ["Error from server: etcdserver: request timed out", "failing"],
    ["Error from server (ServiceUnavailable): the server is currently unable to handle the request", "failing"],
    ["Error from server (Timeout): the server was unable to return a response in the time allotted", "failing"],
    ["error: You must be logged in to the server (Unauthorized)", "refuses"],
    ['Error from server (Forbidden): namespaces "kube-system" is forbidden: User "x" cannot get resource', "refuses"],
    [
      "Unable to connect to the server: tls: failed to verify certificate: x509: certificate signed by unknown authority",
      "refuses",
    ],
    [
      "Unable to connect to the server: getting credentials: exec: executable gke-gcloud-auth-plugin not found",
      "refuses",
    ],
  ];
  for (const [said, state] of cases) test(said.slice(0, 70), () => assert.equal(stateIn(said), state));
});

const objects: Manifest[] = [
  { apiVersion: "v1", kind: "Namespace", metadata: { name: "prod" } },
  { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "signer-forwarder", namespace: "prod" } },
  {
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: { name: "baker-alice", namespace: "prod" },
    spec: { volumeClaimTemplates: [{ metadata: { name: "data" } }, { metadata: { name: "client" } }] },
  },
];

test("the claims of a StatefulSet are those of its one pod", () =>
  assert.deepEqual(claimsOf(objects), [
    { name: "data-baker-alice-0", owner: "baker-alice" },
    { name: "client-baker-alice-0", owner: "baker-alice" },
  ]));

/** A cluster with these answers, by kubectl's arguments. */
function having(answers: Record<string, string>): Kubectl {
  return async (words) => {
    const key = Object.keys(answers).find((start) => words.join(" ").startsWith(start));
    if (key === undefined) throw new Error(`found ${words.join(" ")}`);
    return answers[key] as string;
  };
}

const owned = JSON.stringify({
  ...objects[0],
  metadata: { name: "prod", labels: { "app.kubernetes.io/part-of": "remote-signer-cloud" } },
});
const well = { "get --raw /readyz": "ok", "get namespace kube-system": "namespace/kube-system" };

describe("a look at a cluster", () => {
  test("that answers finds what is missing, and who has a tunnel", async () => {
    const kubectl = having({
      ...well,
      "get namespace prod": owned,
      "get --filename -": JSON.stringify({ items: objects.slice(0, 2) }),
      "get persistentvolumeclaims": JSON.stringify({
        items: [{ kind: "PersistentVolumeClaim", metadata: { name: "data-baker-alice-0" } }],
      }),
      "exec deployment/signer-forwarder": "office\nhome\nhome\n",
    });
    assert.deepEqual(await examine(kubectl, "prod", objects), {
      cluster: "answers",
      missing: ["StatefulSet baker-alice"],
      wanted: 3,
      lostClaims: [{ name: "client-baker-alice-0", owner: "baker-alice" }],
      connected: ["home", "office"],
    });
  });

  test("that is empty misses everything, and knows of no tunnel", async () => {
    const kubectl = having({
      ...well,
      "get namespace prod": "",
      "get --filename -": "",
      "get persistentvolumeclaims": "",
    });
    const { missing, lostClaims, connected } = await examine(kubectl, "prod", objects);
    assert.deepEqual([missing.length, lostClaims.length, connected], [3, 2, undefined]);
  });

  test("of a stack that only makes a cluster asks for no object", async () => {
    const { missing, connected } = await examine(having({ ...well, "get namespace prod": "" }), "prod", []);
    assert.deepEqual([missing, connected], [[], []]);
  });

  test("that nobody knows where to find is one that is not there", async () => {
    assert.equal((await examine(undefined, "prod", objects)).cluster, "absent");
  });

  test("whose namespace is somebody else's fails, and asks for nothing more", async () => {
    const kubectl = having({ ...well, "get namespace prod": JSON.stringify(objects[0]) });
    await assert.rejects(examine(kubectl, "prod", objects), /somebody else's/);
  });

  test("that refuses us fails: that is no disaster", async () => {
    const kubectl: Kubectl = () =>
      Promise.reject(new Error("error: You must be logged in to the server (Unauthorized)"));
    await assert.rejects(examine(kubectl, "prod", objects), /refuses us/);
  });

  test("that does not answer misses everything", async () => {
    const kubectl: Kubectl = () => Promise.reject(new Error("The connection to the server was refused"));
    const { cluster, missing, said } = await examine(kubectl, "prod", objects);
    assert.deepEqual([cluster, missing.length], ["silent", 3]);
    assert.match(said ?? "", /refused/);
  });
});

describe("the return of the signers", () => {
  test("ends when all of them are back, a forwarder that does not answer yet included", async () => {
    let asked = 0;
    const connected = async () => {
      asked += 1;
      if (asked === 1) throw new Error("no pod yet");
      return asked === 2 ? ["home"] : ["home", "office"];
    };
    assert.deepEqual(await awaitSigners(connected, ["home", "office"], 20), []);
    assert.equal(asked, 3);
  });

  test("names those that are not, when the time is over", async () => {
    assert.deepEqual(await awaitSigners(async () => ["home"], ["home", "office"], 0), ["office"]);
  });
});
