import assert from "node:assert/strict";
import { test } from "node:test";
import { parseOutputs } from "./outputs.ts";

const endpoint = { host: "198.51.100.7", port: 30022, alternatePorts: [30443], user: "signer" };
const outputs = {
  signerEndpoints: [endpoint],
  knownHosts: "[198.51.100.7]:30022 ssh-ed25519 AAAA\n",
  hostKeyFingerprint: "SHA256:x",
  signers: {
    home: {
      url: "http://signer-home.dev:8443",
      port: 8443,
      sshPort: 9443,
      sshCommand: "kubectl",
      authorizedKeys: ["edpk…"],
    },
  },
  bakers: {},
};

test("takes what a signer host needs and lets the rest be", () => {
  assert.deepEqual(parseOutputs("file", JSON.stringify(outputs)), {
    signerEndpoints: [endpoint],
    knownHosts: outputs.knownHosts,
    signers: { home: { port: 8443, sshPort: 9443, authorizedKeys: ["edpk…"] } },
  });
});

test("takes outputs from before there were authorized keys", () => {
  const { authorizedKeys, ...home } = outputs.signers.home;
  const parsed = parseOutputs("file", JSON.stringify({ ...outputs, signers: { home } }));
  assert.deepEqual([parsed.signers.home?.authorizedKeys, authorizedKeys], [[], ["edpk…"]]);
});

test("takes outputs from before there were alternate ports", () => {
  const { alternatePorts, ...older } = endpoint;
  const parsed = parseOutputs("file", JSON.stringify({ ...outputs, signerEndpoints: [older] }));
  assert.deepEqual([parsed.signerEndpoints[0]?.alternatePorts, alternatePorts], [[], [30443]]);
});

test("tells every problem with its path", () => {
  const wrong = { ...outputs, knownHosts: "", signerEndpoints: [{ host: "a", port: 0 }] };
  assert.throws(
    () => parseOutputs("some file", JSON.stringify(wrong)),
    ({ message }: Error) =>
      ["some file: ", "knownHosts", "signerEndpoints[0].port", "signerEndpoints[0].user"].every((part) =>
        message.includes(part),
      ),
  );
  assert.throws(
    () => parseOutputs("some file", "b3BlbnNzaC1rZXk="),
    ({ message }: Error) => !message.includes("b3B"),
    "a key that was given for the outputs is not said again",
  );
  assert.throws(() => parseOutputs("some file", ""), /^Error: some file: wanted a stack's outputs as JSON/);
});
