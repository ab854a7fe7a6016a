import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Finding } from "../deploy/doctor/finding.ts";
import { replicaNames } from "../infra/names/replicaNames.ts";
import { root } from "../local/machine/checkout.ts";
import { run } from "../local/machine/run.ts";
import { type Background, stopAll, until } from "../testbed/background.ts";
import { homeClients, homeKey } from "../testbed/homeClients.ts";
import type { HostState } from "../testbed/hostStandIn.ts";
import { makeNetwork, removeNetwork } from "../testbed/network.ts";
import { keepFirstDelegate } from "../testbed/stackBakers.ts";
import { kubeconfig, replicas, testCluster } from "../testbed/testCluster.ts";
import { Stack, temporary } from "../testbed/testStack.ts";

// Faults made for real, one at a time. The doctor names each, and what its cure says is what mends it.

const stack = new Stack("e2e", 30022);
const { dialAll, standInHost, inHome, log, says } = homeClients(stack);
const host = standInHost("home");
const rightForwards = ["-N", "-o", "ExitOnForwardFailure=yes", "-R", "8443:127.0.0.1:8442", "-R", "9443:127.0.0.1:22"];
let clients: readonly Background[] = [];
let running: Background | undefined;

before(async () => {
  stack.change(({ bakers }) => keepFirstDelegate(bakers));
  await stack.npm("up");
  await makeNetwork(["home"]);
  running = host.start();
  await comeBack();
  await isWell();
});

after(async () => {
  await stopAll();
  await stack.npm("down");
  await removeNetwork(["home"]);
});

/** The key with which the host dials. */
let key = homeKey;

async function hangUp(): Promise<void> {
  await Promise.all(clients.map((client) => client.stop()));
  clients = [];
}

async function dialOnce(words = rightForwards): Promise<void> {
  await hangUp();
  clients = await dialAll("home", key, words);
}

/** Dials until the host is let in, as its unit does. */
async function comeBack(): Promise<void> {
  await until("the host is let in", 120, async () => {
    const from = (await log().catch((): string[] => [])).length;
    await dialOnce();
    return says(/home: connected from/, from, 5).catch(() => false);
  });
}

type Report = { readonly hops: readonly Finding[]; readonly code: number | null };

async function examine(): Promise<Report> {
  const { code, stdout, all } = await stack.attempt("doctor", "--signer", "home", "--json");
  assert.ok(stdout.startsWith("{"), all);
  return { hops: JSON.parse(stdout).hops, code };
}

const badIn = ({ hops }: Report): Finding[] => hops.filter(({ state }) => state === "bad");

/** Waits until a report is as wanted. */
function reports<T>(what: string, wanted: (report: Report) => T | undefined | false): Promise<T> {
  let report: Report | undefined;
  return until(
    what,
    120,
    async () => {
      report = await examine();
      return wanted(report);
    },
    () =>
      JSON.stringify(
        report?.hops.filter(({ state }) => state !== "ok"),
        null,
        2,
      ),
  );
}

/** Waits until nothing is bad, and the baker has its signatures. */
async function isWell(): Promise<void> {
  await reports("the doctor finds nothing bad", ({ hops, code }) => {
    return code === 2 && hops.some(({ hop, state }) => hop === "signatures" && state === "ok");
  });
}

/** Waits until the doctor names a fault, and nothing else. */
async function names(hop: string, found: RegExp, cure: RegExp): Promise<void> {
  const finding = await reports(`the doctor names ${hop}`, (report) => {
    const bad = badIn(report);
    const [first] = bad;
    return first && report.code === 1 && bad.every((each) => each.hop === hop) && found.test(first.found) && first;
  });
  assert.match(finding.cure ?? "", cure);
}

/** Waits until a hop is ok again, and no other is bad. Signatures count as failing until 30 s after the last failure. */
async function isMended(hop: string): Promise<void> {
  await reports(`${hop} is mended`, (report) => {
    const own = report.hops.filter((each) => each.hop === hop);
    const bad = badIn(report).filter((each) => each.hop !== "signatures");
    return own.length > 0 && own.every(({ state }) => state === "ok") && bad.length === 0;
  });
}

/** What a fault breaks, what the doctor says of it, and what its cure does. */
type Fault = {
  readonly make: () => unknown;
  readonly hop: string;
  readonly found: RegExp;
  readonly cure: RegExp;
  readonly mend: () => unknown;
};

const onHost = (changes: Partial<HostState>, hop: string, found: RegExp, cure: RegExp): Fault => ({
  make: () => host.set(changes),
  hop,
  found,
  cure,
  mend: () => host.set({}),
});
const upAgain = async () => {
  await stack.npm("up");
  await comeBack();
};
const newKey = temporary("new-key");

const faults: Record<string, Fault> = {
  "a mistake in the config": {
    make: () => stack.change((settings) => Object.assign(settings.signers[0] as object, { port: 80 })),
    hop: "config",
    found: /signers\[0\]\.port: found 80/,
    cure: /correct the stack's config/,
    mend: () => stack.change((settings) => Object.assign(settings.signers[0] as object, { port: 8443 })),
  },
  "a cluster that does not answer": {
    make: () => {
      const text = readFileSync(join(root, kubeconfig), "utf8").replace(/https:\/\/[^"\s]+/, "https://127.0.0.1:1");
      writeFileSync(temporary("other.kubeconfig"), text);
      stack.change((settings) => {
        settings.cluster = { ...(settings.cluster as object), kubeconfig: temporary("other.kubeconfig") };
      });
    },
    hop: "cluster",
    found: /refused/,
    cure: /this machine reaches its address/,
    mend: () =>
      stack.change((settings) => {
        settings.cluster = { ...(settings.cluster as object), kubeconfig };
      }),
  },
  "a forwarder without a pod": {
    make: async () => {
      await stack.kubectl("scale", "deployment/signer-forwarder", "--replicas=0");
      const selector = ["--selector", "app.kubernetes.io/instance=signer-forwarder"];
      await until(
        "its pod is gone",
        60,
        async () => (await stack.kubectl("get", "pods", ...selector, "--output", "name")) === "",
      );
    },
    hop: "forwarder",
    found: /no pod/,
    cure: /^npm run up -- --stack e2e$/,
    mend: upAgain,
  },
  "a name that has no address": {
    make: () =>
      stack.change((settings) => {
        settings.endpoint = { ...(settings.endpoint as object), host: "signers.invalid" };
      }),
    hop: "name",
    found: /signers\.invalid: .*ENOTFOUND|signers\.invalid: .*EAI_AGAIN/,
    cure: /correct endpoint\.host/,
    mend: () =>
      stack.change((settings) => {
        settings.endpoint = { ...(settings.endpoint as object), host: testCluster.nodeAddress };
      }),
  },
  "a port that is not the Service's": {
    make: async () => {
      await hangUp();
      stack.change((settings) => {
        settings.endpoint = { ...(settings.endpoint as object), nodePort: 30029 };
      });
    },
    hop: "port",
    found: /30029: /,
    cure: /if the port of the config has changed: npm run up -- --stack e2e$/,
    mend: upAgain,
  },
  "a host key that the forwarder does not have": {
    make: async () => {
      await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", temporary("new-host-key")]);
      stack.changeHostKey(readFileSync(temporary("new-host-key"), "utf8"));
    },
    hop: "host key",
    found: /another host key/,
    cure: /if you have changed hostKey: npm run up -- --stack e2e/,
    mend: upAgain,
  },
  "an ssh key that no signer has": {
    make: async () => {
      await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", newKey]);
      key = newKey;
      const from = (await log()).length;
      await hangUp();
      // The end of its session is to come before the refusal.
      await says(/home: disconnected after/, from, 10).catch(() => "it had none");
      // Three refusals of an address are logged at once, then one each 30 s, and the doctor's own calls count.
      for (const replica of replicaNames.slice(0, replicas)) {
        await until("its refusal is logged", 90, async () => {
          const before = (await log(replica)).length;
          await dialOnce();
          return says(/no signer's key: SHA256:/, before, 5, replica).catch(() => false);
        });
      }
    },
    hop: "login",
    found: /no signer's key: SHA256:/,
    cure: /give signer home the sshPublicKey in that file, then npm run up -- --stack e2e/,
    mend: async () => {
      const sshPublicKey = readFileSync(`${newKey}.pub`, "utf8").trim();
      stack.change((settings) => Object.assign(settings.signers[0] as object, { sshPublicKey }));
      await upAgain();
    },
  },
  "a forward that is not the signer's": {
    make: () => dialOnce(["-N", "-o", "ExitOnForwardFailure=yes", "-R", "8500:127.0.0.1:8442"]),
    hop: "forwards",
    found: /refused the forward 8500/,
    cure: /8443 and 9443/,
    mend: comeBack,
  },
  "a host that does not dial": {
    make: hangUp,
    hop: "tunnel",
    found: /is down: disconnected after/,
    cure: /systemctl status 'remote-signer-tunnel@\*'/,
    mend: comeBack,
  },
  "no daemon behind the tunnel": {
    make: async () => {
      await running?.stop();
      // A new session is checked at once.
      await comeBack();
    },
    hop: "daemon",
    found: /nothing answers through its tunnel/,
    cure: /start the wrapper and the signer daemon on the host/,
    mend: () => {
      running = host.start();
    },
  },
  "a daemon that wants authentication": {
    make: async () => {
      host.set({ isStrict: true });
      await comeBack();
    },
    hop: "daemon",
    found: /it answers 401 to a check/,
    cure: /ask for no log-in/,
    mend: () => host.set({}),
  },
  "a key that the daemon does not have": onHost(
    { isKnown: false },
    "keys",
    /is not known/,
    /import the key on the host/,
  ),
  "a device that is locked": onHost({ device: "locked" }, "device", /is locked since/, /unlock the device/),
  "an octez-signer that is too old": onHost(
    { version: "24.1" },
    "version",
    /24\.1, .*wanted 25/,
    /install octez-signer 25 or later/,
  ),
  "a clock that is off": onHost({ offset: -7.5 }, "clock", /off by -7\.500 s/, /timedatectl/),
  "a device that something else has asked": onHost(
    { ahead: 9 },
    "marks",
    /the device has signed level/,
    /find what else asks this device/,
  ),
};

for (const [what, { make, hop, found, cure, mend }] of Object.entries(faults)) {
  test(`the doctor names ${what}, and its cure mends it`, async () => {
    await make();
    try {
      await names(hop, found, cure);
    } finally {
      // Also after a failure, or each further fault would fail with it.
      await mend();
    }
    await isMended(hop);
  });
}

test("in the end all is well", isWell);

test("it tells all that a host without a wrapper tells", async () => {
  await running?.stop();
  const bare = `
    const { startDaemon } = await import(${JSON.stringify(join(root, "signer-host/dev/daemon.ts"))});
    const { readTezosKeys } = await import(${JSON.stringify(join(root, "signer-host/dev/keys.ts"))});
    const { Signing } = await import(${JSON.stringify(join(root, "signer-host/dev/signing.ts"))});
    const { WatermarkStore } = await import(${JSON.stringify(join(root, "signer-host/dev/watermarkStore.ts"))});
    const keys = await readTezosKeys(${JSON.stringify(host.keys)});
    await startDaemon(new Signing(keys, new WatermarkStore(${JSON.stringify(host.marks)})), 8442);`;
  inHome("home", process.execPath, "--input-type=module", "-e", bare);
  await comeBack();
  await isWell();
  const { hops } = await examine();
  const untold = hops.filter(({ state }) => state === "unknown").map(({ hop }) => hop);
  for (const hop of ["wrapper", "version", "options", "clock", "marks"]) assert.ok(untold.includes(hop), hop);
  const told = hops.filter(({ state }) => state === "ok").map(({ hop }) => hop);
  for (const hop of ["tunnel", "round trip", "daemon", "keys", "device", "signatures", "guard"])
    assert.ok(told.includes(hop), hop);
});
