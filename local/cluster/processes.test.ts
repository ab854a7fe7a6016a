import assert from "node:assert/strict";
import { test } from "node:test";
import { run } from "../machine/run.ts";
import { clusterLayout, nodeLayout } from "./layout.ts";
import { certificates, nodeCertificates, opensslConfig } from "./pki.ts";
import { fingerprint, startTimeOf } from "./processes.ts";

test("a process is known by its start time, whatever its name is", () => {
  const stat = (name: string, state: string): string =>
    `42 (${name}) ${state} 1 42 42 0 -1 4194560 1 0 0 0 1 2 0 0 20 0 9 0 987654 1000 10 18446744073709551615`;
  assert.equal(startTimeOf(stat("etcd", "S")), "987654");
  assert.equal(startTimeOf(stat("a) R (b c", "S")), "987654");
  assert.equal(startTimeOf(stat("etcd", "Z")), undefined);
});

test("a daemon's fingerprint changes with all that a running process has read", () => {
  const daemon = { name: "x", command: ["x", "--a=1"], files: { "/x.json": "1" } };
  const all = [
    fingerprint(daemon, "keys"),
    fingerprint({ ...daemon, command: ["x", "--a=2"] }, "keys"),
    fingerprint({ ...daemon, files: { "/x.json": "2" } }, "keys"),
    fingerprint({ ...daemon, environment: { A: "1" } }, "keys"),
    fingerprint(daemon, "other keys"),
  ];
  assert.equal(new Set(all).size, all.length);
  assert.equal(fingerprint({ ...daemon }, "keys"), all[0]);
});

test("certificates say who may do what", () => {
  const layout = clusterLayout("e2e");
  const config = (file: string): string => opensslConfig(certificates(layout).find((one) => one.file === file));
  assert.match(config("apiserver"), /subjectAltName = IP:198\.18\.0\.6, IP:10\.96\.0\.1/);
  assert.match(config("apiserver"), /extendedKeyUsage = serverAuth/);
  assert.match(config("kubelet"), /O = system:nodes\nCN = system:node:rsc-e2e/);
  assert.match(config("kubelet"), /extendedKeyUsage = clientAuth/);
  assert.match(opensslConfig(), /CA:TRUE/);
  const masters = certificates(layout).filter((one) => one.organization === "system:masters");
  assert.deepEqual(
    masters.map((one) => one.file),
    ["admin", "apiserver-kubelet"],
  );
});

test("a further node has certificates for its own name and address, and none of the control plane's", () => {
  const node = nodeLayout(clusterLayout("e2e"), 2);
  assert.deepEqual(
    nodeCertificates(node).map(({ file, commonName, addresses = [] }) => [file, commonName, ...addresses]),
    [
      ["node", "rsc-e2e-2", "IP:198.18.1.6", "DNS:rsc-e2e-2", "IP:127.0.0.1"],
      ["kube-proxy", "system:kube-proxy"],
      ["coredns", "system:coredns"],
      ["kube-router", "system:kube-router"],
      ["kubelet", "system:node:rsc-e2e-2"],
    ],
  );
});

test("a failed command's error has the command and what it said last", async () => {
  await assert.rejects(run("sh", ["-c", "echo out; echo wrong >&2; exit 3"]), {
    message: "sh -c echo out; echo wrong >&2; exit 3: ended with 3\n  out\n  wrong",
  });
  await assert.rejects(run("/nonexistent/program", []), /ENOENT/);
  assert.equal(await run("cat", [], { input: "given" }), "given");
});
