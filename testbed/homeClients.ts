import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { replicaNames } from "../infra/names/replicaNames.ts";
import { root } from "../local/machine/checkout.ts";
import { run } from "../local/machine/run.ts";
import { type Background, start, until } from "./background.ts";
import { type HostState, wellHost } from "./hostStandIn.ts";
import { homeOf, inside } from "./network.ts";
import { replaceFile } from "./replaceFile.ts";
import { sshWords } from "./sshClient.ts";
import { type Stack, temporary } from "./testStack.ts";

/** The development ssh key of the signer `home`. */
export const homeKey = join(root, "signer-host/dev/keys/home/ssh_ed25519");
/** The options of an ssh client that opens home's port. */
export const forwards = ["-N", "-o", "ExitOnForwardFailure=yes", "-R", "8443:127.0.0.1:8442"];

/** Stock ssh clients and signer daemons in the homes of a stack's signers, and the forwarder's log of them. */
export function homeClients(stack: Stack) {
  /** Starts a stand-in for a signer's daemon, enough for `GET /authorized_keys`. Its answer names its home. */
  function answering(home: string): Background {
    const script = `require("http").createServer((_, answer) => answer.end('{"home":"${home}"}')).listen(8442, "127.0.0.1")`;
    return inHome(home, process.execPath, "-e", script);
  }

  /** A stand-in for a whole host with a wrapper, which has the development keys of its home. */
  function standInHost(home: string) {
    const [file, marks] = [temporary("host.json"), temporary("host-marks")];
    const keys = join(root, "signer-host/dev/keys", home);
    /** Changes how the host is. What is not given is well. */
    const set = (changes: Partial<HostState>) => replaceFile(file, JSON.stringify({ ...wellHost, ...changes }));
    const startIt = () =>
      inHome(home, process.execPath, join(root, "testbed/hostStandIn.ts"), keys, marks, file, "8442");
    mkdirSync(marks, { recursive: true });
    set({});
    return { set, start: startIt, keys, marks };
  }

  function inHome(home: string, ...words: string[]): Background {
    const [enter, ...namespace] = inside(homeOf(home)) as [string, ...string[]];
    return start(enter, [...namespace, ...words]);
  }

  /** The log lines so far of a replica of the forwarder, the first one unless given. */
  async function log(replica: string = replicaNames[0]): Promise<string[]> {
    const text = await stack.kubectl("logs", `deployment/${replica}`);
    return text.split("\n").filter((line) => line !== "");
  }

  /** Waits for a log line of a replica of the forwarder, after its first `from` lines. Returns the line. */
  function says(line: RegExp, from: number, seconds = 15, replica?: string): Promise<string> {
    return until(
      String(line),
      seconds,
      async () => (await log(replica)).slice(from).find((text) => line.test(text)),
      async () => (await log(replica)).slice(-20).join("\n"),
    );
  }

  /** Asks a signer as a baker does, from the forwarder's node. Returns the body of the answer. */
  async function ask(signer: string, port: number): Promise<string> {
    const url = `${await stack.signerUrl(signer, port)}/authorized_keys`;
    return run(...(await stack.onForwarderNode("curl", "--silent", "--max-time", "5", url))).catch(String);
  }

  /** Waits until a home answers at a signer's port. Returns the milliseconds that this took. */
  async function answers(signer: string, port: number, home: string, client: Background): Promise<number> {
    const began = Date.now();
    await until(
      `${home} answers for ${signer}`,
      20,
      async () => (await ask(signer, port)).includes(`"${home}"`),
      async () => `${client.output()}\n${(await log()).slice(-20).join("\n")}`,
    );
    return Date.now() - began;
  }

  /**
   * Returns what starts a stock ssh client in a home at once, for a time that must not pass before it dials. It dials the
   * first replica unless another one's port is given.
   */
  async function dialer(
    home: string,
    key = homeKey,
    words: readonly string[] = forwards,
    port?: number,
  ): Promise<() => Background> {
    const [enter, base] = await sshWords(stack, home, key, port);
    const at = base.indexOf("ssh") + 1;
    return () => start(enter, [...base.slice(0, at), ...words, ...base.slice(at)]);
  }

  /** Starts a stock ssh client in a home, which dials the first replica. */
  async function dial(home: string, key = homeKey, words: readonly string[] = forwards): Promise<Background> {
    return (await dialer(home, key, words))();
  }

  /** Starts a stock ssh client in a home for each replica of the forwarder, as a kit does. */
  async function dialAll(home: string, key = homeKey, words: readonly string[] = forwards): Promise<Background[]> {
    const { signerEndpoints } = await stack.outputs();
    const dialers = await Promise.all(signerEndpoints.map(({ port }) => dialer(home, key, words, port)));
    return dialers.map((startIt) => startIt());
  }

  return { answering, standInHost, inHome, log, says, ask, answers, dial, dialer, dialAll };
}
