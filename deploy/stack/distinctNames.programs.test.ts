import assert from "node:assert/strict";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { test } from "node:test";
import { b58Encode, PrefixV2 } from "@taquito/utils";
import { objectNames } from "../../infra/config/objectNames.ts";
import { parseHostKey } from "../../infra/keys/sshKey.ts";
import { addressOf } from "../../infra/keys/tezosKey.ts";
import { ensureTools } from "../../local/toolchain/tools.ts";
import { progress } from "../cli/command.ts";
import { manifestsOf } from "./manifests.ts";
import { project } from "./project.ts";
import { runProgram } from "./runProgram.ts";

const monitoring = ["ServiceMonitor", "PodMonitor", "PodMonitoring", "ConfigMap"].map((kind) => ({ kind }));
for (const monitor of [...monitoring, { kind: "PodMonitor", alerts: false }, { kind: "none" }])
  test(`a stack with ${JSON.stringify(monitor)} has the objects that the config is checked for`, () => check(monitor));

async function check(monitor: Record<string, unknown>): Promise<void> {
  const pem = String(
    generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ type: "sec1", format: "pem" }),
  );
  const keyOf = (signer: string) => {
    const publicKey = b58Encode(randomBytes(32), PrefixV2.Ed25519PublicKey);
    return { name: "main", address: addressOf(publicKey), publicKey, signer };
  };
  const sshKeyOf = (letter: string) =>
    `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICQRUWv/IFj9LhFlAiBNf2LpKS6FQJoGI37wOA48PH${letter}K`;
  const input = {
    cluster: { kind: "existing", context: "here" },
    endpoint: { host: "signers.example.org" },
    monitoring: { ...monitor, namespace: "monitoring" },
    signers: ["home", "signer-home", "baker-a", "forwarder-host-key"].map((name, i) => ({
      name,
      port: 8443 + i,
      sshPublicKey: sshKeyOf("ABCD"[i] as string),
    })),
    authenticationSeed: Buffer.alloc(32, 7).toString("base64"),
    bakers: ["a", "a-wallet", "a-dal", "a-votes", "backup", "a-20261001-000000", "forwarder"].map((name, i) => ({
      name,
      network: "mainnet",
      delegates: [keyOf("home")].map((key) => ({ address: key.address, keys: { consensus: [key] } })),
      ...(i % 2 === 0 && { backup: { schedule: "17 * * * *" } }),
      ...(i % 3 === 0 && { dal: { endpoint: { host: "203.0.113.7", port: 11732 + i } }, p2p: { port: 9732 } }),
      ...(i % 3 === 1 && { dal: false }),
    })),
  };
  const entries = Object.entries(input).map(([key, value]) => [
    `${project}:${key}`,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  const values = {
    ...Object.fromEntries(entries),
    [`${project}:hostKey`]: pem,
    [`${project}:hostKeyFingerprint`]: parseHostKey(pem).fingerprint,
  };
  const program = await runProgram("prod", {
    values,
    secretKeys: ["hostKey", "authenticationSeed"].map((key) => `${project}:${key}`),
  });
  const { helm } = await ensureTools(["helm"], progress);
  const rendered = (await manifestsOf(program, async () => helm)).map(
    ({ kind, metadata }) => `${kind} ${metadata.name}`,
  );
  // Kubernetes makes the first two for our objects. The program makes the class only in the cloud that has none.
  const made = /^(Pod |PersistentVolumeClaim (client|data)-|VolumeSnapshotClass )/;
  const expected = objectNames("prod", input).filter(({ kind, name }) => !made.test(`${kind} ${name}`));
  assert.deepEqual(rendered.sort(), expected.map(({ kind, name }) => `${kind} ${name}`).sort());
}
