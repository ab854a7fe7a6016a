import assert from "node:assert/strict";
import { test } from "node:test";
import { outsideBakerOutput } from "./outsideBaker.ts";

const key = (name: string, signer: string | string[]) => ({ name, address: `tz1${name}`, publicKey: "edpk…", signer });
const signers = [
  { name: "home", port: 8443, answerSeconds: 5, device: { kind: "ledger" } as const },
  { name: "office", port: 8453, answerSeconds: 2, device: { kind: "ledger" } as const },
  { name: "attic", port: 8463, answerSeconds: 5, device: { kind: "ledger" } as const },
];
const baker = {
  name: "carol",
  network: "mainnet",
  delegates: [{ address: "tz1d", keys: { consensus: [key("a", ["home", "office"])] } }],
  sourceRanges: ["10.20.0.7/32"],
};

test("its output is the file of its router, with its own signers and keys alone", () => {
  assert.deepEqual(outsideBakerOutput(baker, signers, ["replica-0", "replica-1"]), {
    router: {
      baker: "carol",
      marks: "/var/lib/remote-signer-router/marks",
      replicas: ["replica-0", "replica-1"],
      signers: [
        {
          name: "home",
          port: 8443,
          answerSeconds: 5,
          keys: [{ address: "tz1a", chainId: "NetXdQprcVkpaWU", minimalBlockSeconds: 6 }],
          fallbacks: ["office"],
        },
        { name: "office", port: 8453, answerSeconds: 2 },
      ],
    },
  });
});

test("the key with which it signs its requests is there too, if the config has it", () => {
  const { authenticationKey } = outsideBakerOutput({ ...baker, authenticationKey: "edpkrequests" }, signers, []);
  assert.equal(authenticationKey, "edpkrequests");
});
