import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { forwarderProgram } from "../deploy/cluster/forwarderPod.ts";
import { attempt, run } from "../local/machine/run.ts";
import { type Background, start, stopAll, until } from "../testbed/background.ts";
import { homeClients, homeKey } from "../testbed/homeClients.ts";
import { homeSshdPort, operatorKey, startHomeSshd } from "../testbed/homeSshd.ts";
import { makeNetwork, removeNetwork } from "../testbed/network.ts";
import { Stack, temporary } from "../testbed/testStack.ts";

// What an operator asks of a stack that runs: a page of the forwarder's, the state of the signers, a shell at home.

const stack = new Stack("e2e", 30022);
const { dialAll, standInHost, says, log } = homeClients(stack);
const host = standInHost("home");
const known = temporary("operator-known-hosts");
let clients: readonly Background[] = [];

before(async () => {
  stack.change((settings) => {
    settings.bakers = [];
  });
  await stack.npm("up");
  await makeNetwork(["home"]);
  host.start();
  await startHomeSshd("home");
  await redial();
});

after(async () => {
  await stopAll();
  await stack.npm("down");
  await removeNetwork(["home"]);
});

async function redial(...forwards: string[]): Promise<void> {
  await Promise.all(clients.map((client) => client.stop()));
  const from = (await log()).length;
  const words = forwards.length > 0 ? forwards : ["8443:127.0.0.1:8442", `9443:127.0.0.1:${homeSshdPort}`];
  clients = await dialAll("home", homeKey, ["-N", ...words.flatMap((forward) => ["-R", forward])]);
  await says(/home: connected from/, from);
}

describe("forwarder page", () => {
  test("prints a page of the port that port-forward does not reach", async () => {
    assert.match(await stack.forwarder("page", "/metrics"), /^signer_tunnel_up\{signer="home"\} 1$/m);
    assert.match(await stack.forwarder("page", "/signers/home/healthz"), /^signer_host_mains_online 0$/m);
  });

  test("ends with 1 and the status line for a page that is not there", async () => {
    const words = ["exec", "deployment/signer-forwarder", "--", forwarderProgram, "page", "/signers/office/healthz"];
    const { code, all } = await attempt(...(await stack.kubectlCommand(...words)));
    assert.equal(code, 1);
    assert.match(all, /^502 Bad Gateway$/m);
  });
});

describe("status", () => {
  test("prints a line for each signer without a terminal", async () => {
    const text = await until("the signer answers", 20, async () => {
      const table = await stack.npm("status");
      return /ready/.test(table) && !/1 of 2/.test(table) && table;
    });
    const [headings = "", home = "", office = ""] = text.split("\n");
    assert.match(headings, /^signer +tunnel +device +uplink +power +last signature +p50 +p99 +errors$/);
    assert.match(home, /^home +\d+ s(, 2 of 2)? +ready +modem wwan0 +no mains, battery 83 % +none +- +- +none of 0$/);
    assert.match(office, /^office +down +unknown +- +- +none +- +- +none of 0$/);
  });

  test("prints the same as JSON", async () => {
    host.set({ device: "locked" });
    // A new session is checked at once, one that answers each minute.
    await redial();
    const home = await until("the gateway has seen that the device is locked", 90, async () => {
      const { signers } = JSON.parse(await stack.npm("status", "--json"));
      return signers[0].device === "locked" && signers[0];
    });
    assert.equal(home.tunnel.isUp, true);
    assert.deepEqual(home.power, { isOnMains: false, battery: 0.83 });
    assert.deepEqual(home.uplink, { interface: "wwan0", kind: "modem" });
    host.set({});
  });

  /** Runs a command of a shell on a terminal. In a session of its own, because `script` ends its process group if it fails. */
  const onTerminal = (command: string): Background => {
    const env = { ...process.env, PULUMI_CONFIG_PASSPHRASE: stack.passphrase };
    return start("setsid", ["script", "--quiet", "--return", "--command", command, "/dev/null"], env, "pipe");
  };
  const command = (): string => `exec npm ${stack.npmWords("status").join(" ")}`;

  test("prints the table once on a terminal that has no size", async () => {
    const terminal = onTerminal(command());
    await until("it has ended", 30, () => terminal.child.exitCode !== null, terminal.output);
    assert.match(terminal.output(), /^home .*modem wwan0/m);
  });

  test("shows a live table on a terminal, until Ctrl-C", async () => {
    const terminal = onTerminal(`stty cols 160 rows 40; ${command()}`);
    await until("it shows the table", 30, () => /home .*modem wwan0/.test(terminal.output()), terminal.output);
    terminal.child.stdin?.write("\x03");
    await until("it has ended", 10, () => terminal.child.exitCode !== null, terminal.output);
    // Ctrl-C reaches npm as well, and some versions of npm end with 130 for that.
    assert.ok([0, 130].includes(terminal.child.exitCode ?? -1), `${terminal.child.exitCode}`);
    assert.doesNotMatch(terminal.output(), /Error:|at async/);
  });
});

describe("ssh", () => {
  const options = [
    "-F",
    "none",
    "-i",
    operatorKey,
    "-o",
    "StrictHostKeyChecking=accept-new",
    "-o",
    `UserKnownHostsFile=${known}`,
  ];
  const ssh = (...words: string[]) => stack.attempt("ssh", "home", "--", ...options, "-o", "BatchMode=yes", ...words);

  test("logs in to the host, knows it by the names of signer and stack, and ends with ssh's exit code", async () => {
    const { code, stdout, stderr: problems } = await ssh("ip", "-brief", "address", "show", "up");
    assert.equal(code, 0, problems);
    assert.match(stdout, /10\.99\.0\.2/, "the answer comes from the signer's home");
    assert.match(readFileSync(known, "utf8"), /^home\.e2e ssh-ed25519 /);
    assert.equal((await ssh("exit 7")).code, 7);
  });

  test("leaves no port-forward behind", async () => {
    const processes = await run("ps", ["-eo", "args"]);
    assert.doesNotMatch(processes, /port-forward deployment\/signer-forwarder :9443/);
  });

  test("prints the two commands, if it is asked to", async () => {
    const { stdout } = await stack.attempt("ssh", "--print", "home", "--", "-l", "pi", "uptime; date");
    assert.match(stdout, /port-forward deployment\/signer-forwarder 9443\n/);
    assert.match(stdout, /\nssh -p 9443 -o HostKeyAlias=home\.e2e 127\.0\.0\.1 -l pi 'uptime; date'\n$/);
  });

  test("says who is known, and which signer has no tunnel", async () => {
    const nobody = await stack.attempt("ssh", "hoem");
    assert.equal(nobody.code, 2);
    assert.match(nobody.stderr, /SIGNER: found "hoem", wanted one of the stack's signers: home, office/);
    const office = await stack.attempt("ssh", "office");
    assert.equal(office.code, 1);
    assert.match(office.stderr, /signer office: found no tunnel of it.*npm run doctor -- --stack e2e --signer office/);
  });

  test("says what kubectl says if nothing listens at home", async () => {
    await redial("8443:127.0.0.1:8442");
    const { code, stderr: problems } = await ssh("true");
    assert.equal(code, 255);
    assert.match(problems, /connection refused/);
  });
});
