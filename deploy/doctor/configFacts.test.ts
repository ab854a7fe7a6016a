import assert from "node:assert/strict";
import { test } from "node:test";
import { addressOf } from "../../infra/keys/tezosKey.ts";
import type { Stack } from "../stack/stack.ts";
import { configFactsOf } from "./configFacts.ts";

const sshPublicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICQRUWv/IFj9LhFlAiBNf2LpKS6FQJoGI37wOA48PHyK";
const stack: Stack = {
  name: "prod",
  configFile: "Pulumi.prod.yaml",
  file: {
    config: {
      "remote-signer-cloud:cluster": { kind: "existing", context: "my-cluster" },
      "remote-signer-cloud:endpoint": { host: "signers.example.org", nodePort: 30022 },
    },
  },
  hasOtherCluster: false,
};
const alices = "edpkuhSduzfHKCZ5DE8pUryW4Cnx5Nj5qw6RrBUgp444kiEtuJqbht";
const alicesNext = "edpku9tks4rKmTtjjcwTmMKYH18MamZgMxryTCQvFSDwEpMvXBoB9J";
const carols = "edpkvGfYw3LyB1UcCahKQk4rF2tvbMUk8GFiTuMjL75uGXrpvKXhjn";
const outputs = {
  cluster: { kubectl: "kubectl --context my-cluster", context: "my-cluster" },
  signerEndpoints: [{ host: "signers.example.org", port: 30022, alternatePorts: [], user: "signer" }],
  knownHosts: "signers.example.org ssh-ed25519 AAAA1\nsigners.example.org ssh-rsa AAAA2\n",
  signers: {
    home: {
      port: 8443,
      sshPort: 9443,
      sshPublicKeys: [sshPublicKey],
      device: { kind: "ledger" },
      keys: [{ name: "home-baker", address: "tz1fv55cpdomJVPYA5M6BeUhqs9M1DbRB79A", publicKey: "edpk" }],
      authorizedKeys: [alices, alicesNext],
    },
  },
  bakers: { alice: { authenticationKey: alices }, bob: {} },
};

test("the doctor's facts of a config come from the outputs that follow from it", () => {
  assert.deepEqual(configFactsOf(stack, outputs), [
    {
      kubectl: "kubectl --context my-cluster --namespace prod",
      isLocal: false,
      replica: 0,
      endpoint: { host: "signers.example.org", port: 30022, alternatePorts: [], isNodePort: true },
      hostKeys: ["ssh-ed25519 AAAA1", "ssh-rsa AAAA2"],
      bakers: ["alice", "bob"],
      signers: [
        {
          name: "home",
          port: 8443,
          sshPort: 9443,
          device: "ledger",
          fingerprints: ["SHA256:YZTLbKmjoKJ3rPq19c7kh/UO2zm++cSRSUJRaoBPpJw"],
          keys: ["tz1fv55cpdomJVPYA5M6BeUhqs9M1DbRB79A"],
          authorized: [addressOf(alices)],
          authorizedNext: ["tz1fv55cpdomJVPYA5M6BeUhqs9M1DbRB79A"],
        },
      ],
    },
  ]);
});

test("a baker outside of the stack signs its requests as well, and has no router here", () => {
  const { home } = outputs.signers;
  const [{ bakers, signers } = { bakers: [], signers: [] }] = configFactsOf(stack, {
    ...outputs,
    signers: { home: { ...home, authorizedKeys: [alices, alicesNext, carols] } },
    outsideBakers: { carol: { router: {}, authenticationKey: carols } },
  });
  assert.deepEqual(bakers, ["alice", "bob"]);
  assert.deepEqual(signers[0]?.authorized, [alices, carols].map(addressOf));
  assert.deepEqual(signers[0]?.authorizedNext, [addressOf(alicesNext)]);
});

test("the host of a reserved address is that of the last up", () => {
  const endpoints = outputs.signerEndpoints.map(({ host: _, ...endpoint }) => endpoint);
  const unknown = { ...outputs, signerEndpoints: endpoints };
  assert.equal(configFactsOf(stack, unknown, ["203.0.113.7"])[0]?.endpoint.host, "203.0.113.7");
  assert.throws(() => configFactsOf(stack, unknown), /signerEndpoints\[0\]\.host: found none/);
});

test("each replica has its endpoint, and the rest is the same", () => {
  const [endpoint] = outputs.signerEndpoints;
  const [first, second, ...others] = configFactsOf(stack, {
    ...outputs,
    signerEndpoints: [endpoint, { ...endpoint, port: 30023 }],
  });
  assert.deepEqual([first?.endpoint.port, second?.endpoint.port, others], [30022, 30023, []]);
  assert.deepEqual([first?.replica, second?.replica], [0, 1]);
  assert.deepEqual({ ...second, replica: 0, endpoint: first?.endpoint }, first);
});

test("a stack that only makes a cluster has no way to examine", () => {
  assert.throws(
    () => configFactsOf(stack, { ...outputs, signerEndpoints: [], knownHosts: null, signers: {} }),
    /only makes a cluster/,
  );
});
