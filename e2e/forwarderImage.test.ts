import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { readChart } from "../deploy/stack/chart.ts";
import { root } from "../local/machine/checkout.ts";
import { until } from "../testbed/background.ts";
import { inside } from "../testbed/network.ts";
import { type SshResult, said, ssh } from "../testbed/sshClient.ts";
import { testCluster } from "../testbed/testCluster.ts";
import { Stack, temporary } from "../testbed/testStack.ts";

const stack = new Stack("e2e", 30022);
const { repository, appVersion } = readChart("signer-forwarder");
const image = `${repository}:${appVersion}`;

const nextKey = makeKey("home-next", "-t", "ed25519");

before(async () => {
  stack.change((settings) => {
    settings.bakers = [];
    Object.assign(settings.signers[0] ?? {}, { nextSshPublicKey: nextKey.publicKey });
  });
  await stack.npm("up");
});

after(() => stack.npm("down"));

/** Makes a key with ssh-keygen. */
function makeKey(name: string, ...options: string[]): { privateKey: string; publicKey: string; fingerprint: string } {
  const file = temporary(name);
  execFileSync("ssh-keygen", ["-q", "-N", "", "-C", "test", "-f", file, ...options]);
  const fingerprint = execFileSync("ssh-keygen", ["-l", "-f", file], { encoding: "utf8" }).split(" ")[1] as string;
  return { privateKey: readFileSync(file, "utf8"), publicKey: readFileSync(`${file}.pub`, "utf8"), fingerprint };
}

/** Runs the image's sshd in a separate pod, with these files as a Secret and with the chart's privileges only. */
async function runWith(name: string, files: Record<string, string>): Promise<void> {
  const data = Object.fromEntries(
    Object.entries(files).map(([file, text]) => [file, Buffer.from(text).toString("base64")]),
  );
  const container = {
    name: "forwarder",
    image,
    imagePullPolicy: "Never",
    command: ["/usr/local/lib/signer-forwarder/forwarder"],
    env: [{ name: "POD_IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } }],
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

/** Writes a known_hosts file with these host keys, and returns its path. */
function knownHosts(name: string, ...publicKeys: string[]): string {
  const file = temporary(`known-${name}`);
  writeFileSync(file, publicKeys.map((key) => `forwarder ${key}`).join(""));
  return file;
}

/** Waits until a pod's sshd listens. Returns the pod's address. */
async function listening(name: string): Promise<string> {
  const log = () => stack.kubectl("logs", name).catch(() => "");
  await until("sshd listens", 60, async () => (await log()).includes("Server listening"), log);
  return (await stack.kubectl("get", "pod", name, "--output", "jsonpath={.status.podIP}")).trim();
}

/** Dials a pod with a stock ssh client on its node, and opens a signer's port. It stays connected for `seconds`. */
function dial(address: string, key: string, known: string, seconds: number, ...options: string[]): Promise<SshResult> {
  const settings = [
    "BatchMode=yes",
    "ExitOnForwardFailure=yes",
    "GlobalKnownHostsFile=none",
    "HostKeyAlias=forwarder",
    "IdentitiesOnly=yes",
    "StrictHostKeyChecking=yes",
    "UpdateHostKeys=yes",
    `UserKnownHostsFile=${known}`,
    ...options,
  ].flatMap((option) => ["-o", option]);
  const [enter, ...node] = inside(testCluster.netns) as [string, ...string[]];
  const words = ["-F", "none", "-i", key, "-p", "2222", "-l", "signer", ...settings, address];
  return ssh([enter, [...node, "ssh", ...words]], ["-N", "-R", "8443:127.0.0.1:1"], [], seconds);
}

/** The development key of the signer `home`, with a mode that ssh accepts. */
function homeKey(): string {
  copyFileSync(join(root, "signer-host/dev/keys/home/ssh_ed25519"), temporary("home"));
  chmodSync(temporary("home"), 0o600);
  return temporary("home");
}

/** The keys of a known_hosts file, without names and comments. */
function keysIn(known: string): string[] {
  const words = readFileSync(known, "utf8").trim().split("\n");
  return words.map((line) => line.split(" ").slice(1, 3).join(" ")).sort();
}

/** The key of a `.pub` file, without its comment. */
const bare = (publicKey: string) => publicKey.split(" ").slice(0, 2).join(" ");

describe("with a next host key it shows the current one alone, and signers learn the next", () => {
  const ed25519 = makeKey("current-ed25519", "-t", "ed25519");
  const rsa = makeKey("current-rsa", "-t", "rsa", "-b", "3072");
  const next = makeKey("next-ed25519", "-t", "ed25519");
  const nextEcdsa = makeKey("next-ecdsa", "-t", "ecdsa");
  type Key = typeof ed25519;
  const cases: [string, [string, Key], [string, Key], string[]][] = [
    ["of the same type", ["ed25519", ed25519], ["ed25519", next], []],
    ["of another type", ["ed25519", ed25519], ["ecdsa", nextEcdsa], []],
    [
      "of a type that the client would rather have",
      ["rsa", rsa],
      ["ed25519", next],
      ["HostKeyAlgorithms=ssh-ed25519,rsa-sha2-512"],
    ],
  ];
  for (const [index, [what, [type, current], [nextType, following], options]] of cases.entries()) {
    test(what, async () => {
      const name = `next-${index}`;
      await runWith(name, {
        [`ssh_host_${type}_key`]: current.privateKey,
        [`next_ssh_host_${nextType}_key`]: following.privateKey,
      });
      const address = await listening(name);
      const log = await stack.kubectl("logs", name);
      assert.ok(log.includes(`: host key ${current.fingerprint} (${type.toUpperCase()})\n`), log);
      assert.ok(log.includes(`: next host key ${following.fingerprint} (${nextType.toUpperCase()})\n`), log);

      const known = knownHosts(name, current.publicKey);
      const { code, output } = await dial(address, homeKey(), known, 4, ...options);
      assert.equal(code, null, `it was still connected when the time was over\n${output}`);
      assert.deepEqual(keysIn(known), [current.publicKey, following.publicKey].map(bare).sort());

      const stranger = knownHosts(`${name}-only`, following.publicKey);
      const refused = await dial(address, homeKey(), stranger, 4, ...options);
      assert.match(refused.output, /verification failed|no matching host key type/, "it is not the host key yet");
      await stack.kubectl("delete", "pod", name, "--wait=false");
    });
  }
});

test("a signer that comes with its next key gets its ports on the first try, and the session of the other key ends", async () => {
  const hostKey = makeKey("two-keys-host", "-t", "ed25519");
  await runWith("two-keys", { ssh_host_ed25519_key: hostKey.privateKey });
  const address = await listening("two-keys");
  const known = knownHosts("two-keys", hostKey.publicKey);
  const log = () => stack.kubectl("logs", "two-keys");
  const older = dial(address, homeKey(), known, 30);
  await until("the older session is there", 10, async () => (await log()).includes("home: connected"), log);
  const newer = await dial(address, temporary("home-next"), known, 4);
  assert.deepEqual([newer.code, said(newer)], [null, ""], "the newer one was still connected when the time was over");
  assert.match((await older).output, /closed/);
  assert.match(await log(), /home: an older session ends, the signer is back/);
  await stack.kubectl("delete", "pod", "two-keys", "--wait=false");
});
