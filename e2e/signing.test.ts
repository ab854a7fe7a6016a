import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { root } from "../local/machine/checkout.ts";
import { run } from "../local/machine/run.ts";
import { ensureTools } from "../local/toolchain/tools.ts";
import { type Background, start, stopAll, until } from "../testbed/background.ts";
import { heldAlerts } from "../testbed/heldAlerts.ts";
import { operatorKey, startHomeSshd } from "../testbed/homeSshd.ts";
import { makeNetwork, removeNetwork } from "../testbed/network.ts";
import { newSigner, Stack, temporary } from "../testbed/testStack.ts";
import { seriesOn, watchedSeries } from "../testbed/watchedSeries.ts";

const homes = ["home", "office", "cabin"];
const stack = new Stack("e2e", 30022);
const connected = /connected to/;
let home: Background;
let office: Background;

before(async () => {
  await stack.npm("up");
  await makeNetwork(homes);
  home = await stack.startSigner("home", "--ssh-port", "2022");
  office = await stack.startSigner("office");
});

after(async () => {
  await stopAll();
  await stack.npm("down");
  await removeNetwork(homes);
});

/** Waits until the baker has logged a key's signature of each kind. */
async function signsEverything(key: string, seconds: number): Promise<void> {
  const since = new Date();
  for (const kind of ["block", "preattestation", "attestation"]) {
    const line = new RegExp(`^${key}: signed ${kind} level \\d+ in \\d+ ms$`);
    await until(
      `${key} signs a ${kind}`,
      seconds,
      // `up` does not wait for bakers, so the container may not exist yet.
      async () => (await stack.bakerLog(since).catch(() => [])).some((text) => line.test(text)),
      async () => `${home.output()}${office.output()}${(await stack.bakerLog().catch(() => [])).slice(-10).join("\n")}`,
    );
  }
}

describe("two signers behind NAT", () => {
  test("block, preattestation and attestation are signed through the tunnel of the first", () =>
    signsEverything("home-baker", 60));
  test("and of the second, with a key of another kind", () => signsEverything("office-baker", 60));

  test("baker, accuser and node log into no file, and the baker is not ready while it can't write", async () => {
    const exec = (...words: string[]) =>
      stack.kubectl("exec", "statefulset/baker-alice", "--container", "octez-baker", "--", ...words);
    const isReady = async () => {
      const path = '{.items[0].status.containerStatuses[?(@.name=="octez-baker")].ready}';
      const selector = "app.kubernetes.io/instance=baker-alice,app.kubernetes.io/name=baker";
      return stack.kubectl("get", "pods", "--selector", selector, "--output", `jsonpath=${path}`);
    };
    const files = `${await exec("ls", "-A", "/var/run/tezos/client")}${await exec("ls", "/var/run/tezos/node/data")}`;
    assert.match(files, /^config$/m);
    assert.match(files, /_highwatermarks$/m);
    assert.doesNotMatch(files, /logs/);

    await until("the baker is ready", 30, async () => (await isReady()) === "true");
    // A folder takes the place of the file that the probe writes.
    await exec("mkdir", "/var/run/tezos/client/.probe");
    await until("the baker is not ready", 60, async () => (await isReady()) === "false");
    await exec("rmdir", "/var/run/tezos/client/.probe");
    await until("the baker is ready again", 30, async () => (await isReady()) === "true");
  });

  test("a device that needs 2.4 s for each signature loses none", async () => {
    await home.stop();
    home = await stack.startSigner("home", "--ssh-port", "2022", "--device-ms", "2400");
    await until("home is connected", 30, () => connected.test(home.output()), home.output);
    const began = new Date();
    const slow = /^home-baker: signed \S+ level \d+ in (2[4-9]|[3-9]\d)\d\d ms$/;
    const lines = async () => (await stack.bakerLog(began)).filter((line) => line.startsWith("home-baker: "));
    await until(
      "four are signed",
      60,
      async () => (await lines()).filter((line) => slow.test(line)).length >= 4,
      async () => `${home.output()}${(await stack.bakerLog(began)).join("\n")}`,
    );
    // A level may end before the baker has requested all its signatures, because 7.2 s are longer than a level.
    const failed = (await lines()).filter((line) => / failed /.test(line) && !line.endsWith("its time had passed"));
    assert.deepEqual(failed, []);
    await home.stop();
    home = await stack.startSigner("home", "--ssh-port", "2022");
    await signsEverything("home-baker", 60);
  });

  test("each series of the forwarder that an alert or the dashboard looks at is on its page", async () => {
    const watched = watchedSeries().filter((name) => !name.startsWith("signer_host_"));
    assert.ok(watched.length > 10, watched.join());
    const page = (path: string) => stack.forwarder("page", path);
    // Some begin with the first error, and with the first request that is rejected.
    await office.stop();
    const url = `${await stack.signerUrl("home", 8443)}/keys/${"tz1".padEnd(36, "a")}`;
    await run(...(await stack.onForwarderNode(process.execPath, "--eval", `fetch(${JSON.stringify(url)})`)));
    const missing = async () => {
      const known = seriesOn(await page("/metrics"));
      return watched.filter((name) => !known.has(name));
    };
    await until(
      "all are there",
      40,
      async () => (await missing()).length === 0,
      async () => (await missing()).join(),
    );
    assert.match(
      await page("/signers/home/healthz"),
      /^#.*\n$/,
      "the development signer has no page, which is no error",
    );
    const { promtool } = await ensureTools(["promtool"], console.error);
    await run(promtool, ["check", "metrics"], { input: await page("/metrics") });
    assert.deepEqual(await heldAlerts([{ text: await page("/metrics") }]), ["SignerTunnelDown", "SignatureErrors"]);
    office = await stack.startSigner("office");
    await signsEverything("office-baker", 60);
  });

  test("a signer's own ssh is reached by kubectl port-forward at port + 1000, with the command of the outputs", async () => {
    const { sshCommand, sshPort } = (await stack.outputs()).signers.home as { sshCommand: string; sshPort: number };
    assert.equal(sshPort, 9443);
    await startHomeSshd("home", ["ForceCommand ip -brief address show up"]);

    const [kubectl] = await stack.kubectlCommand();
    const forward = start("sh", ["-c", `cd ${root} && exec ${sshCommand.replace(/^kubectl/, kubectl)}`]);
    await until(
      "the port is forwarded",
      20,
      () => /Forwarding from 127\.0\.0\.1:9443/.test(forward.output()),
      forward.output,
    );
    const options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "BatchMode=yes"].flatMap((o) => [
      "-o",
      o,
    ]);
    const words = ["-F", "none", "-i", operatorKey, "-p", String(sshPort), ...options, "root@127.0.0.1"];
    const answer = await until("the signer's ssh answers", 20, () => {
      try {
        return execFileSync("ssh", words, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
      } catch {
        return undefined;
      }
    });
    assert.match(answer, /10\.99\.0\.2/, "the answer comes from the signer's home");
    await forward.stop();
  });

  test("a signer is added, and removed, while others sign without a missed request", async () => {
    const [signerEndpoint] = (await stack.outputs()).signerEndpoints;
    const cabin = await newSigner("cabin", 8463);
    const polling = await stack.startPolling("home", 8443);
    const since = new Date();
    const accepted = await forwarderLog(/home: connected/);

    stack.change(
      ({ signers }) => void signers.push({ name: cabin.name, port: cabin.port, sshPublicKey: cabin.sshPublicKey }),
    );
    await stack.npm("up");
    const signer = await stack.startSigner("cabin", "--keys", cabin.keys);
    await until("the new signer is connected", 90, () => connected.test(signer.output()), signer.output);

    stack.change((settings) => {
      settings.signers = settings.signers.filter(({ name }) => name !== "cabin");
    });
    await stack.npm("up");
    await until(
      "the removed signer's session ends",
      90,
      async () => (await forwarderLog(/cabin: removed or changed/)).length > 0,
      () => stack.kubectl("logs", "deployment/signer-forwarder"),
    );
    await until("and it is refused", 20, () => /Permission denied/.test(signer.output()), signer.output);
    await signer.stop();

    await polling.stop();
    assert.match(polling.output(), /^asked \d{3,} failed 0\n$/, "every request was answered");
    // If a level ended before the baker asked for it, this machine stood still. No request was lost.
    const missed = (await stack.bakerLog(since)).filter(
      (line) => /: (failed|waiting) /.test(line) && !line.endsWith("its time had passed"),
    );
    assert.deepEqual(missed.slice(0, 5), [], "no request of the baker failed or waited");
    assert.deepEqual(
      await forwarderLog(/home: connected/),
      accepted,
      `nobody had to dial ${signerEndpoint.host} again`,
    );
  });

  test("a host key that is rotated reaches the running forwarder, and open tunnels stay", async () => {
    const before = await forwarderLog(/home: connected/);
    const pod = await forwarderPod();
    const old = (await stack.outputs()).hostKeyFingerprint;
    execFileSync("ssh-keygen", ["-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", temporary("next-host-key")]);
    stack.changeHostKey(readFileSync(temporary("next-host-key"), "utf8"));
    await stack.npm("up");
    const { hostKeyFingerprint } = await stack.outputs();
    assert.notEqual(hostKeyFingerprint, old);
    await until("sshd has the new host key, and no other", 90, async () => {
      const announced = await forwarderLog(/host key SHA256/);
      return announced.at(-1)?.includes(`${hostKeyFingerprint} (RSA)`);
    });
    stack.changeHostKey();
    await stack.npm("up");
    await until("sshd has the old host key again", 90, async () =>
      (await forwarderLog(/host key SHA256/)).at(-1)?.includes(old),
    );
    assert.deepEqual(await forwarderLog(/home: connected/), before, "the tunnel was there all the time");
    assert.equal(await forwarderPod(), pod);
  });

  test("the forwarder's pod is deleted, and both signers are back by themselves", async () => {
    await stack.kubectl("delete", "pod", "--selector", "app.kubernetes.io/name=signer-forwarder");
    await signsEverything("home-baker", 60);
    await signsEverything("office-baker", 60);
  });
});

/** The name of the forwarder's pod. */
function forwarderPod(): Promise<string> {
  return stack.kubectl("get", "pods", "--selector", "app.kubernetes.io/name=signer-forwarder", "--output", "name");
}

/** The forwarder's log lines that match `kind`. */
async function forwarderLog(kind: RegExp): Promise<string[]> {
  const text = await stack.kubectl("logs", "deployment/signer-forwarder");
  return text.split("\n").filter((line) => kind.test(line));
}
