import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before } from "node:test";
import { readManifests } from "../deploy/stack/manifests.ts";
import { root } from "../local/machine/checkout.ts";
import { stateFolder } from "../local/machine/paths.ts";
import { run } from "../local/machine/run.ts";
import { buildProgram } from "../local/toolchain/go.ts";
import { ensureTools } from "../local/toolchain/tools.ts";
import { type Background, start, stopAll, until } from "./background.ts";
import { podAddress, type Reply, raw, send } from "./gatewayClient.ts";
import type { TunnelEnd } from "./tunnelEnd.ts";

/** A signer's entry in the chart's values. */
export type SignerValues = {
  readonly name: string;
  readonly port: number;
  /** Keys that may be asked for, by address or as the chart's values have them. */
  readonly keys?: readonly (string | { readonly address: string; readonly chainId?: string })[];
  readonly fallbacks?: readonly string[];
  readonly answerSeconds?: number;
};

/** A line of the gateway's log. */
export type Line = Readonly<Record<string, unknown>>;

/** What the gateway knows of a signer: `State` of signer-forwarder/internal/gateway. */
export type SignerState = {
  readonly Answers: boolean;
  readonly Ready: boolean;
  readonly Trip: number;
  readonly Chosen: string;
  readonly Greeted: boolean;
};

/** The gateway alone, run on this machine with the configuration that the chart renders for some signers. */
export class Gateway {
  readonly #folder = mkdtempSync(join(tmpdir(), "rsc-gateway-"));
  #process: Background | undefined;
  readonly #address: string;
  #commands = Promise.resolve("");

  /** `address` stands for the pod's address. */
  constructor(address = podAddress) {
    this.#address = address;
  }

  /** Starts the gateway, opens a session of each signer, and waits until all answer. */
  async start(signers: readonly SignerValues[]): Promise<void> {
    chmodSync(this.#folder, 0o755);
    mkdirSync(join(this.#folder, "config"));
    await this.configure(signers);
    const program = join(this.#folder, "gateway");
    await buildProgram("./signer-forwarder/test/gateway", program, join(stateFolder, "tools"), console.error);
    this.#process = start(program, [this.#address, join(this.#folder, "config")], {}, "pipe");
    const healthy = async () => (await this.get(8404, "/healthz")).status === 200;
    await until(
      "the gateway listens",
      20,
      () => healthy().catch(() => false),
      () => this.output(),
    );
    for (const { name } of signers) await this.sessionOpens(name);
  }

  /** Writes the configuration that the chart renders for some signers, as a changed ConfigMap would. */
  async configure(signers: readonly SignerValues[], edit = (text: string) => text): Promise<void> {
    const values = {
      hostKeySecret: "host-key",
      signers: signers.map(({ keys = [], ...signer }) => ({
        sshPublicKey,
        ...signer,
        keys: keys.map((key) => (typeof key === "string" ? { address: key } : key)),
      })),
    };
    const { helm } = await ensureTools(["helm"], console.error);
    const words = ["template", "forwarder", join(root, "charts/signer-forwarder"), "--values", "-"];
    const rendered = await run(helm, [...words, "--show-only", "templates/configmap.yaml"], {
      input: JSON.stringify(values),
    });
    const [configMap] = readManifests(rendered);
    const data = configMap?.data as Record<string, string>;
    writeFileSync(join(this.#folder, "config", "forwarder.json"), edit(data["forwarder.json"] as string));
  }

  async stop(): Promise<void> {
    await this.#process?.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Its output so far, without its answers to commands. */
  output(): string {
    return (this.#process?.output() ?? "").replace(/^#.*\n/gm, "");
  }

  /** The lines about requests in its output. */
  lines(): Line[] {
    return linesIn(this.output());
  }

  /** The lines about requests whose first byte came since a time of `Date.now()`. A line follows its answer. */
  linesSince(time: number): Line[] {
    return this.lines().filter((line) => Date.parse(String(line.time)) >= time);
  }

  /** Sends one command to the program, and returns the answer. */
  #command(text: string): Promise<string> {
    this.#commands = this.#commands.then(async () => {
      const answers = () => (this.#process?.output() ?? "").match(/^#.*\n/gm) ?? [];
      const count = answers().length;
      this.#process?.child.stdin?.write(`${text}\n`);
      while (answers().length === count) {
        if (this.#process?.child.exitCode !== null) throw new Error(`the gateway has ended\n${this.output()}`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      return answers()[count]?.slice(1) ?? "";
    });
    return this.#commands;
  }

  /** Does what the forwarder does when a signer's session opens. */
  async sessionOpens(signer: string): Promise<void> {
    await this.#command(`opens ${signer}`);
  }

  /** Does what the forwarder does when a signer's session ends. */
  async sessionEnds(signer: string): Promise<void> {
    await this.#command(`ends ${signer}`);
  }

  /** What the gateway knows of each signer. */
  async states(): Promise<Record<string, SignerState>> {
    return JSON.parse(await this.#command("states"));
  }

  async state(signer: string): Promise<SignerState> {
    const states = await this.states();
    const state = states[signer];
    if (!state) throw new Error(`found no signer ${signer}, wanted one of ${Object.keys(states)}`);
    return state;
  }

  /** Waits until a signer answers checks, or does not. A signer that answers is checked each 15 s. */
  async isUp(signer: string, wanted: boolean): Promise<void> {
    await until(
      `${signer} ${wanted ? "answers" : "is down"}`,
      25,
      async () => {
        const { Answers, Greeted } = await this.state(signer);
        return wanted ? Answers && Greeted : !Answers;
      },
      async () => JSON.stringify(await this.state(signer)),
    );
  }

  get(port: number, target: string, headers: Record<string, string> = {}): Promise<Reply> {
    return send(port, "GET", target, undefined, headers, this.#address);
  }

  /** Requests a signature, as Octez does. */
  sign(port: number, key: string, bytes: Buffer, query = "?version=2"): Promise<Reply> {
    return this.post(port, `/keys/${key}${query}`, JSON.stringify(bytes.toString("hex")));
  }

  /** Sends a POST in chunks, one by one. */
  async chunked(port: number, target: string, chunks: readonly string[]): Promise<{ rawAnswer: string }> {
    const head = `POST ${target} HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n`;
    const pieces = chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`);
    return { rawAnswer: await raw(port, [head, ...pieces, "0\r\n\r\n"]) };
  }

  post(port: number, target: string, body: string): Promise<Reply> {
    return send(port, "POST", target, body, { "content-type": "application/json" }, this.#address);
  }
}

/** Any signer's key; nobody dials in here. */
const sshPublicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKgSIp61FsvSKXhy6Ow1L3MKt1XqU9mPgTVmtQBy1YHc";

/**
 * Runs a gateway for the tests of a file: opens the tunnels' ends and starts it before them, and stops all of it after
 * them.
 *
 * `signers` is called once the ends have their ports.
 */
export function serveTests(gateway: Gateway, ends: readonly TunnelEnd[], signers: () => readonly SignerValues[]): void {
  before(async () => {
    for (const end of ends) await end.open();
    await gateway.start(signers());
  });
  after(async () => {
    await gateway.stop();
    for (const end of ends) await end.close();
    await stopAll();
  });
}

function linesIn(text: string): Line[] {
  const complete = text.slice(0, text.lastIndexOf("\n") + 1);
  const lines = complete.split("\n").filter((line) => line.startsWith("{"));
  return lines.map((line) => JSON.parse(line) as Line);
}
