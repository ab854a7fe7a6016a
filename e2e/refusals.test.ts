import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { root } from "../local/machine/checkout.ts";
import { start, stopAll, until } from "../testbed/background.ts";
import { homeOf, inside, makeNetwork, removeNetwork } from "../testbed/network.ts";
import { type AgentKey, ordinaryKey, securityKey, startAgent } from "../testbed/sshAgent.ts";
import { said, ssh, sshWords } from "../testbed/sshClient.ts";
import { newSigner, Stack, temporary } from "../testbed/testStack.ts";

const homes = ["home", "office", "stranger"];
const stack = new Stack("e2e", 30022);
const keyOf = { home: "signer-host/dev/keys/home/ssh_ed25519", office: "signer-host/dev/keys/office/ssh_ecdsa" };
const securityKeys = { touched: securityKey(true), untouched: securityKey(false), waived: securityKey(false) };
let asHome: [string, string[]];
let asOffice: [string, string[]];

before(async () => {
  // Without a baker, only the tests use the ports.
  stack.change((settings) => {
    settings.bakers = [];
    const { touched, untouched, waived } = securityKeys;
    settings.signers.push(
      { name: "touched", sshPublicKey: touched.line, port: 8463 },
      { name: "untouched", sshPublicKey: untouched.line, port: 8473 },
      Object.assign({ name: "waived", sshPublicKey: waived.line, port: 8483 }, { noTouchRequired: true }),
    );
  });
  await stack.npm("up");
  await makeNetwork(homes);
  asHome = await sshWords(stack, "home", join(root, keyOf.home));
  asOffice = await sshWords(stack, "office", join(root, keyOf.office));
});

after(async () => {
  await stopAll();
  await stack.npm("down");
  await removeNetwork(homes);
});

const forward = ["-N", "-o", "ExitOnForwardFailure=yes"];
const opens = (port: number) => [...forward, "-R", `${port}:127.0.0.1:1`];

describe("a signer's key", () => {
  for (const spelling of ["8443", "localhost:8443", "0.0.0.0:8443", "*:8443"]) {
    test(`opens its own listener, however the host spells it (${spelling})`, async () => {
      const result = await ssh(asHome, [...forward, "-R", `${spelling}:127.0.0.1:1`], [], 3);
      assert.deepEqual([result.code, said(result)], [null, ""], "it was still connected when the time was over");
    });
  }

  test("listens on the pod's loopback, whatever address it asks for", async () => {
    const client = ssh(asHome, [...forward, "-R", "0.0.0.0:8443:127.0.0.1:1", "-R", "0.0.0.0:9443:127.0.0.1:1"], [], 6);
    const listening = await until("the listeners are there", 5, async () => {
      const table = await stack.kubectl("exec", "deployment/signer-forwarder", "--", "cat", "/proc/net/tcp");
      // The local address, and state 0A, which is "listening".
      const rows = [...table.matchAll(/^ *\d+: ([0-9A-F]{8}):([0-9A-F]{4}) [0-9A-F]{8}:0000 0A/gm)];
      const found = rows.map((row) => `${row[1]}:${Number.parseInt(row[2] ?? "", 16)}`);
      return found.some((row) => row.endsWith(":9443")) && found;
    });
    assert.ok(listening.includes("0100007F:9443"), listening.join());
    assert.ok(listening.includes("0100007F:8443"), listening.join());
    assert.ok(!listening.includes("00000000:9443") && !listening.includes("00000000:8443"), listening.join());
    await client;
  });

  const refusals: [string, string[], string[], RegExp][] = [
    ["another signer's port", opens(8453), [], /remote port forwarding failed/],
    ["the port of another signer's ssh", opens(9453), [], /remote port forwarding failed/],
    ["a port that the stack does not list", opens(8500), [], /remote port forwarding failed/],
    ["a privileged port", opens(80), [], /remote port forwarding failed/],
    ["a unix socket", [...forward, "-R", "/run/signer-forwarder/x:127.0.0.1:1"], [], /remote port forwarding failed/],
    ["a shell", [], [], /open failed/],
    ["a terminal", ["-tt"], [], /open failed/],
    ["a command", [], ["id"], /open failed/],
    ["a subsystem", ["-s"], ["sftp"], /open failed/],
    ["a session with its agent", ["-A"], ["id"], /open failed/],
    ["a session with its display", ["-X"], ["id"], /open failed/],
    ["a session with its environment", ["-o", "SetEnv=LD_PRELOAD=/tmp/x.so"], ["id"], /open failed/],
    [
      "a second listener beside its own",
      [...opens(8443), "-R", "8444:127.0.0.1:1"],
      [],
      /remote port forwarding failed/,
    ],
    ["a connection out of the pod (-W)", ["-W", "127.0.0.1:2222"], [], /administratively prohibited|forwarding failed/],
    ["a tunnel device (-w)", ["-w", "0:0"], [], /Tunnel device|open failed|device forwarding failed/],
  ];
  for (const [what, words, remote, answer] of refusals) {
    test(`does not get ${what}`, async () => {
      const { code, output } = await ssh(asHome, words, remote);
      assert.match(output, answer);
      assert.ok(code !== 0, `exit code ${code}`);
    });
  }

  for (const [option, listen] of [
    ["-L", "7000:127.0.0.1:8443"],
    ["-D", "7000"],
  ] as const) {
    test(`does not get a forward into the pod or the cluster (${option})`, async () => {
      const client = ssh(asOffice, ["-N", option, listen], [], 4);
      const [enter, ...namespace] = inside(homeOf("office")) as [string, ...string[]];
      await new Promise((resolve) => setTimeout(resolve, 1500));
      // A SOCKS5 greeting and a request for the pod's sshd. With -L, ssh passes the bytes on unread.
      const bytes = "\\x05\\x01\\x00\\x05\\x01\\x00\\x01\\x7f\\x00\\x00\\x01\\x08\\xae";
      const script = `exec 3<>/dev/tcp/127.0.0.1/7000 && printf '${bytes}' >&3 && timeout 1 cat <&3`;
      const probe = start(enter, [...namespace, "bash", "-c", script]);
      const { output } = await client;
      assert.match(output, /administratively prohibited|open failed/);
      assert.doesNotMatch(probe.output(), /SSH-2\.0/);
      await probe.stop();
    });
  }
});

test("a key that the stack does not list gets nothing", async () => {
  const stranger = await newSigner("stranger", 8999);
  const { code, output } = await ssh(
    await sshWords(stack, "stranger", join(stranger.keys, "ssh_ed25519")),
    opens(8443),
  );
  assert.match(output, /Permission denied \(publickey\)/);
  assert.equal(code, 255);
});

describe("an ssh agent", () => {
  /** Dials with an agent's keys ahead of a key file. Returns the result, and the forwarder's log of it. */
  async function withAgent(name: string, keys: AgentKey[], words: string[]) {
    const socket = temporary(`${name}.agent`);
    const end = await startAgent(socket, keys);
    const log = () => stack.kubectl("logs", "deployment/signer-forwarder");
    const from = (await log()).length;
    const result = await ssh(
      await sshWords(stack, "stranger", join(root, keyOf.home)),
      ["-o", `IdentityAgent=${socket}`, "-o", "IdentitiesOnly=no", ...words],
      [],
      3,
    );
    end();
    return { ...result, log: async () => (await log()).slice(from) };
  }

  test("with a security key that was touched lets its signer in", async () => {
    const result = await withAgent("touched", [securityKeys.touched], opens(8463));
    assert.deepEqual([result.code, said(result)], [null, ""]);
    assert.match(await result.log(), /touched: connected from /);
  });

  test("with one that was not touched lets it in where its signer may do without", async () => {
    const result = await withAgent("waived", [securityKeys.waived], opens(8483));
    assert.deepEqual([result.code, said(result)], [null, ""]);
    assert.match(await result.log(), /waived: connected from /);
  });

  test("with one that was not touched is told so in the log, not that its signature is wrong", async () => {
    // With five more keys behind it, sshd stops before the key file's own, which would let `home` in.
    const others = Array.from({ length: 5 }, ordinaryKey);
    const result = await withAgent("untouched", [securityKeys.untouched, ...others], opens(8473));
    assert.equal(result.code, 255);
    const line =
      /untouched: refused from \S+: its security key signed without a touch \(SHA256:\S+\): the signer needs noTouchRequired/;
    await until("the log says so", 10, async () => line.test(await result.log()), result.log);
    assert.doesNotMatch(await result.log(), /not by its key/);
  });

  test("with many keys hides the signer's own, and the log says so", async () => {
    const keys = Array.from({ length: 7 }, ordinaryKey);
    const result = await withAgent("many", keys, opens(8443));
    assert.match(result.output, /Too many authentication failures/);
    const line =
      /no signer's key: (SHA256:\S+ \(ED25519\)(, )?){4} and 2 more; it tried 6 and sshd stops after 6: `IdentitiesOnly yes`/;
    await until("the log says so", 10, async () => line.test(await result.log()), result.log);
  });
});

test("a signer whose older session is still there gets its ports on the first try", async () => {
  const older = ssh(asHome, opens(8443), [], 20);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const newer = await ssh(asHome, opens(8443), [], 3);
  assert.deepEqual([newer.code, said(newer)], [null, ""], "the newer one was still connected when the time was over");
  assert.match((await older).output, /closed/);
});
