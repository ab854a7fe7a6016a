import assert from "node:assert/strict";
import { test } from "node:test";
import { UsageError } from "../cli/command.ts";
import { factsOfOutputs } from "./factsOfOutputs.ts";

const signer = {
  url: "http://signer-home.prod.svc:8443",
  port: 8443,
  sshPort: 9443,
  sshCommand: "kubectl …",
  sshPublicKeys: ["ssh-ed25519 AAAA"],
  answerSeconds: 5,
  device: { kind: "ledger", url: undefined },
  ups: "ups@localhost",
  uplinks: [{ interface: "wwan0", metered: true }],
  keys: [{ name: "main", address: "tz1…", publicKey: "edpk…" }],
  authorizedKeys: ["edpkbaker"],
};
const endpoint = { host: "signers.example.org", port: 22, alternatePorts: [443], user: "signer" };
const outputs = {
  signerEndpoints: [endpoint],
  knownHosts: "signers.example.org ssh-ed25519 AAAA\n",
  signers: { home: signer, office: { ...signer, port: 8453, sshPort: 9453 } },
  bakers: {},
};

test("a kit's facts are the outputs that its signer needs", () => {
  assert.deepEqual(factsOfOutputs("prod", "home", outputs), {
    stack: "prod",
    signer: "home",
    endpoints: [endpoint],
    knownHosts: outputs.knownHosts,
    port: 8443,
    sshPort: 9443,
    answerSeconds: 5,
    device: { kind: "ledger" },
    ups: "ups@localhost",
    uplinks: signer.uplinks,
    keys: signer.keys,
    authorizedKeys: ["edpkbaker"],
  });
});

test("outputs of a stack whose version knew no authentication have no authorized keys", () => {
  const { authorizedKeys, ...older } = signer;
  const before = { ...outputs, signers: { home: older } };
  assert.deepEqual(factsOfOutputs("prod", "home", before).authorizedKeys, []);
  const now = { ...outputs, signers: { home: { ...signer, authorizedKeys: [] } } };
  assert.deepEqual(factsOfOutputs("prod", "home", before, now).authorizedKeys, []);
  assert.throws(
    () => factsOfOutputs("prod", "home", before, outputs),
    /authorizedKeys: found \[\], wanted \["edpkbaker"\]/,
  );
});

test("a signer that the config does not have is a usage error", () => {
  for (const name of ["hoem", "", "constructor"]) {
    assert.throws(
      () => factsOfOutputs("prod", name, outputs),
      (error) => error instanceof UsageError && /^SIGNER: found ".*", wanted .*: home, office$/.test(error.message),
    );
  }
  assert.throws(() => factsOfOutputs("prod", "home", { ...outputs, signers: {} }), /there is none/);
});

const older: [string, Record<string, unknown>, RegExp[]][] = [
  [
    "another port",
    { signers: { home: { ...signer, port: 8463, sshPort: 9463 } } },
    [/signers\.home\.port: found 8463, wanted 8443/, /signers\.home\.sshPort: found 9463, wanted 9443/],
  ],
  [
    "a device that the config has no more",
    { signers: { home: { ...signer, mains: {} } } },
    [/mains: found {}, wanted no/],
  ],
  ["another host key", { knownHosts: "a b c\n" }, [/knownHosts: found "a b c\\n", wanted "signers/]],
  ["no such signer", { signers: {} }, [/signers\.home\.port: found nothing, wanted 8443/]],
  ["no endpoint", { signerEndpoints: [] }, [/signerEndpoints: found \[\], wanted \[{"host"/]],
  [
    "nothing of today",
    { signerEndpoints: undefined, knownHosts: undefined, signers: undefined },
    [/signerEndpoints: found nothing/],
  ],
];
for (const [what, change, lines] of older) {
  test(`outputs of the last up with ${what} are refused, with each difference`, () => {
    assert.throws(
      () => factsOfOutputs("prod", "home", { ...outputs, ...change }, outputs),
      ({ message }: Error) =>
        /^stack prod: found outputs of the last up that are older than the config; run npm run up -- --stack prod/.test(
          message,
        ) && lines.every((line) => line.test(message)),
    );
  });
}

const two = {
  ...outputs,
  signerEndpoints: [endpoint, { ...endpoint, host: "203.0.113.8", port: 23 }],
  knownHosts: "signers.example.org ssh-ed25519 AAAA\n203.0.113.8 ssh-ed25519 AAAA\n",
};

test("a kit dials each endpoint of the stack", () => {
  assert.deepEqual(factsOfOutputs("prod", "home", two).endpoints, two.signerEndpoints);
});

test("outputs of the last up with fewer endpoints than the config has are refused", () => {
  assert.throws(() => factsOfOutputs("prod", "home", outputs, two), /signerEndpoints: found \[{.*}\], wanted \[{.*},{/);
});

test("each host that only a cloud knows is that of the last up", () => {
  const [first, second] = two.signerEndpoints;
  const unknown = {
    ...two,
    signerEndpoints: [first, { ...second, host: undefined }],
    knownHosts: "signers.example.org ssh-ed25519 AAAA\nundefined ssh-ed25519 AAAA\n",
  };
  const { endpoints, knownHosts } = factsOfOutputs("prod", "home", two, unknown);
  assert.deepEqual([endpoints, knownHosts], [two.signerEndpoints, two.knownHosts]);
  assert.throws(
    () => factsOfOutputs("prod", "home", { ...two, knownHosts: two.knownHosts.replace("signers", "s") }, unknown),
    /knownHosts: found "s\.example/,
  );
});

test("what changed for another signer is no difference", () => {
  const changed = { ...outputs, signers: { ...outputs.signers, office: { ...signer, port: 1 } } };
  assert.equal(factsOfOutputs("prod", "home", changed, outputs).port, 8443);
});

test("a host that only a cloud knows is that of the last up", () => {
  const unknown = {
    ...outputs,
    signerEndpoints: [{ ...endpoint, host: undefined }],
    knownHosts: "undefined ssh-ed25519 AAAA\n",
  };
  const facts = factsOfOutputs("prod", "home", outputs, unknown);
  assert.deepEqual([facts.endpoints[0]?.host, facts.knownHosts], ["signers.example.org", outputs.knownHosts]);
});
