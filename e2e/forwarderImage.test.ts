import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { readChart } from "../deploy/chart.ts";
import { until } from "./background.ts";
import { Stack, temporary } from "./stack.ts";

const stack = new Stack("e2e", 30022);
const { repository, appVersion } = readChart("signer-forwarder");
const image = `${repository}:${appVersion}`;

before(async () => {
  stack.change((settings) => {
    settings.bakers = [];
  });
  await stack.npm("up");
});

after(() => stack.npm("down"));

/** A key that ssh-keygen makes. */
function makeKey(name: string, ...options: string[]): { privateKey: string; publicKey: string; fingerprint: string } {
  const file = temporary(name);
  execFileSync("ssh-keygen", ["-q", "-N", "", "-C", "test", "-f", file, ...options]);
  const fingerprint = execFileSync("ssh-keygen", ["-l", "-f", file], { encoding: "utf8" }).split(" ")[1] as string;
  return { privateKey: readFileSync(file, "utf8"), publicKey: readFileSync(`${file}.pub`, "utf8"), fingerprint };
}

/** Runs the image's sshd in a pod of its own, with a Secret of these files and no other privilege than the chart's. */
async function runWith(name: string, files: Record<string, string>): Promise<void> {
  const data = Object.fromEntries(
    Object.entries(files).map(([file, text]) => [file, Buffer.from(text).toString("base64")]),
  );
  const container = {
    name: "sshd",
    image,
    imagePullPolicy: "Never",
    command: ["/usr/local/lib/signer-forwarder/sshd"],
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] }, readOnlyRootFilesystem: true },
    volumeMounts: [
      { name: "config", mountPath: "/etc/signer-forwarder" },
      { name: "host-key", mountPath: "/etc/ssh/host-key" },
      { name: "run", mountPath: "/run/signer-forwarder" },
    ],
  };
  const spec = {
    restartPolicy: "Never",
    automountServiceAccountToken: false,
    terminationGracePeriodSeconds: 1,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 10001,
      runAsGroup: 10001,
      fsGroup: 10001,
      seccompProfile: { type: "RuntimeDefault" },
    },
    containers: [container],
    volumes: [
      { name: "config", configMap: { name: "signer-forwarder" } },
      { name: "host-key", secret: { secretName: name, defaultMode: 0o440 } },
      { name: "run", emptyDir: {} },
    ],
  };
  const items = [
    { apiVersion: "v1", kind: "Secret", metadata: { name }, data },
    { apiVersion: "v1", kind: "Pod", metadata: { name }, spec },
  ];
  writeFileSync(temporary(`${name}.json`), JSON.stringify({ apiVersion: "v1", kind: "List", items }));
  await stack.kubectl("apply", "--filename", temporary(`${name}.json`));
}

describe("it refuses to start, in one clear line,", () => {
  const good = makeKey("good", "-t", "ed25519");
  const cases: [string, string, Record<string, string>, RegExp][] = [
    ["without a host key", "no-key", {}, /no host key: found no file .*wanted the host key/],
    ["with an empty one", "empty-key", { ssh_host_ed25519_key: "" }, /no host key/],
    [
      "with an encrypted one",
      "encrypted-key",
      { ssh_host_ed25519_key: makeKey("locked", "-t", "ed25519", "-N", "x").privateKey },
      /unusable host key/,
    ],
    ["with a public one", "public-key", { ssh_host_ed25519_key: good.publicKey }, /unusable host key/],
    ["with half of one", "half-key", { ssh_host_ed25519_key: good.privateKey.slice(0, 200) }, /unusable host key/],
  ];
  before(async () => {
    for (const [, name, files] of cases) await runWith(name, files);
  });
  for (const [what, name, , line] of cases) {
    test(what, async () => {
      await until(
        "the container ends",
        60,
        async () => (await stack.kubectl("get", "pod", name, "--output", "jsonpath={.status.phase}")) === "Failed",
      );
      const log = await stack.kubectl("logs", name);
      assert.match(log, line);
      assert.equal(log.trim().split("\n").length, 1, log);
      assert.ok(!log.includes(good.privateKey.slice(60, 90)));
    });
  }
});

describe("it runs with a host key of any type, and prints its fingerprint and the signers'", () => {
  const cases = [
    ["ed25519", "ssh_host_ed25519_key", makeKey("type-ed25519", "-t", "ed25519")],
    ["ecdsa", "ssh_host_ecdsa_key", makeKey("type-ecdsa", "-t", "ecdsa", "-b", "384")],
    ["rsa", "ssh_host_rsa_key", makeKey("type-rsa", "-t", "rsa", "-b", "3072")],
  ] as const;
  for (const [type, file, { fingerprint, privateKey }] of cases) {
    test(type, async () => {
      const name = `type-${type}`;
      await runWith(name, { [file]: privateKey });
      const log = () => stack.kubectl("logs", name).catch(() => "");
      await until("sshd listens", 60, async () => (await log()).includes("Server listening"), log);
      const text = await log();
      assert.ok(text.includes(`host key ${fingerprint} (${type.toUpperCase()})`), text);
      assert.match(text, /signer home SHA256:\S+ \(ED25519\)/);
      assert.match(text, /signer office SHA256:\S+ \(ECDSA\)/);
      await stack.kubectl("delete", "pod", name, "--wait=false");
    });
  }
});
