import assert from "node:assert/strict";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import { b58Encode, PrefixV2 } from "@taquito/utils";
import { objectNames } from "../../infra/config/objectNames.ts";
import { parseHostKey } from "../../infra/keys/sshKey.ts";
import { addressOf } from "../../infra/keys/tezosKey.ts";
import { ensureTools } from "../../local/toolchain/tools.ts";
import { progress } from "../cli/command.ts";
import { requireDistinctNames } from "./distinctNames.ts";
import type { Manifest } from "./manifest.ts";
import { manifestsOf } from "./manifests.ts";
import { project } from "./project.ts";
import { runProgram } from "./runProgram.ts";

const object = (kind: string, name: string, rest: Record<string, unknown> = {}, apiVersion = "v1"): Manifest => ({
  apiVersion,
  kind,
  metadata: { name, namespace: "dev" },
  ...rest,
});
const volumeClaimTemplates = [{ metadata: { name: "client" } }];

describe("two objects of one name are refused", () => {
  const cases: [string, Manifest[], RegExp][] = [
    ["of one kind", [object("Service", "a"), object("Service", "a")], /two of: Service a in namespace dev/],
    [
      "of one kind in two versions",
      [object("Deployment", "a", {}, "apps/v1"), object("Deployment", "a", {}, "apps/v1beta1")],
      /two of: Deployment \(apps\) a in/,
    ],
    [
      "a StatefulSet's claim and one of that name",
      [object("StatefulSet", "a", { spec: { volumeClaimTemplates } }), object("PersistentVolumeClaim", "client-a-0")],
      /two of: PersistentVolumeClaim client-a-0/,
    ],
    [
      "a StatefulSet's pod and one of that name",
      [object("StatefulSet", "a", { spec: {} }), object("Pod", "a-0")],
      /two of: Pod a-0/,
    ],
    [
      "what the namespace has by itself",
      [{ ...object("Namespace", ""), metadata: { name: "dev" } }, object("ConfigMap", "kube-root-ca.crt")],
      /two of: ConfigMap kube-root-ca\.crt in namespace dev/,
    ],
  ];
  for (const [name, objects, problem] of cases) {
    test(name, () => assert.throws(() => requireDistinctNames(objects), problem));
  }

  test("all of them in one error", () => {
    const objects = [object("Service", "a"), object("Secret", "b")];
    assert.throws(() => requireDistinctNames([...objects, ...objects]), /Service a in .*\n.*Secret b in /);
  });
});

test("one name in two kinds, two groups or two namespaces is none of them", () => {
  requireDistinctNames([
    object("Service", "a"),
    object("Secret", "a"),
    object("Service", "a", {}, "serving.knative.dev/v1"),
    { ...object("Service", "a"), metadata: { name: "a", namespace: "prod" } },
  ]);
});

test("a stack has the objects that the config is checked for, and each has a name of its own", async () => {
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
    monitoring: { kind: "ServiceMonitor", namespace: "monitoring" },
    signers: ["home", "signer-home", "baker-a", "forwarder-host-key"].map((name, i) => ({
      name,
      port: 8443 + i,
      sshPublicKey: sshKeyOf("ABCD"[i] as string),
    })),
    bakers: ["a", "a-wallet", "a-backup", "a-0", "backup", "a-20261001-000000", "forwarder"].map((name, i) => ({
      name,
      network: "mainnet",
      keys: [keyOf("home")],
      ...(i % 2 === 0 && { backup: { schedule: "17 * * * *" } }),
    })),
  };
  const entries = Object.entries(input).map(([key, value]) => [`${project}:${key}`, JSON.stringify(value)]);
  const values = {
    ...Object.fromEntries(entries),
    [`${project}:hostKey`]: pem,
    [`${project}:hostKeyFingerprint`]: parseHostKey(pem).fingerprint,
  };
  const program = await runProgram("prod", { values, secretKeys: [`${project}:hostKey`] });
  const { helm } = await ensureTools(["helm"], progress);
  const rendered = (await manifestsOf(program, helm)).map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  // No object of ours, but made for one by Kubernetes; and the class is made in the cloud that has none alone.
  const made = ["Pod", "PersistentVolumeClaim", "VolumeSnapshotClass"];
  const expected = objectNames("prod", input).filter(({ kind }) => !made.includes(kind));
  assert.deepEqual(rendered.sort(), expected.map(({ kind, name }) => `${kind} ${name}`).sort());
});
