import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before } from "node:test";
import { readManifests } from "../deploy/stack/manifests.ts";
import { root } from "../local/machine/checkout.ts";
import { run } from "../local/machine/run.ts";
import { ensureTools } from "../local/toolchain/tools.ts";
import { type Background, start, stopAll, until } from "./background.ts";
import { podAddress, type Reply, raw, send } from "./gatewayClient.ts";
import { imageRoot, inImage } from "./imageRoot.ts";
import type { TunnelEnd } from "./tunnelEnd.ts";

/** A signer's entry in the chart's values. */
export type SignerValues = {
  readonly name: string;
  readonly port: number;
  readonly keys?: readonly string[];
  readonly fallbacks?: readonly string[];
};

/** A line of the gateway's log. */
export type Line = Readonly<Record<string, unknown>>;

/** The image's gateway, run on this machine with the configuration that the chart renders for some signers. */
export class Gateway {
  readonly #folder = mkdtempSync(join(tmpdir(), "rsc-gateway-"));
  #process: Background | undefined;
  #requests = "";
  readonly #address: string;
  /** Receives the lines that the gateway sends to the listener. */
  readonly #listener = createServer((socket) => {
    socket.on("data", (data) => {
      this.#requests += data;
    });
    socket.on("error", () => {});
    this.#connections.add(socket);
  });
  readonly #connections = new Set<Socket>();

  /** `address` stands for the pod's address. */
  constructor(address = podAddress) {
    this.#address = address;
  }

  /** Starts the gateway and waits until it listens. */
  async start(signers: readonly SignerValues[]): Promise<void> {
    for (const name of ["run", "config"]) mkdirSync(join(this.#folder, name));
    chmodSync(this.#folder, 0o755);
    chownSync(join(this.#folder, "run"), 10001, 10001);
    await this.configure(signers);
    await new Promise<void>((resolve) => this.#listener.listen(join(this.#folder, "run", "requests.sock"), resolve));
    chownSync(join(this.#folder, "run", "requests.sock"), 10001, 10001);
    const volumes = {
      "/etc/signer-forwarder": join(this.#folder, "config"),
      "/run/gateway": join(this.#folder, "run"),
    };
    const [program, ...words] = [...inImage(await imageRoot(), volumes), "/usr/local/lib/signer-forwarder/gateway"];
    const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    this.#process = start(program as string, words, { PATH, POD_IP: this.#address });
    await until(
      "the gateway listens",
      20,
      () =>
        this.get(8404, "/healthz").then(
          ({ status }) => status === 200,
          () => false,
        ),
      () => this.output(),
    );
  }

  /** Writes the configuration that the chart renders for some signers, as a changed ConfigMap would. */
  async configure(signers: readonly SignerValues[], edit = (text: string) => text): Promise<void> {
    const values = {
      hostKeySecret: "host-key",
      signers: signers.map((signer) => ({ sshPublicKey: "ssh-ed25519 AAAA", ...signer })),
    };
    const { helm } = await ensureTools(["helm"], console.error);
    const words = ["template", "forwarder", join(root, "charts/signer-forwarder"), "--values", "-"];
    const rendered = await run(helm, [...words, "--show-only", "templates/configmap.yaml"], {
      input: JSON.stringify(values),
    });
    const [configMap] = readManifests(rendered);
    const data = configMap?.data as Record<string, string>;
    writeFileSync(join(this.#folder, "config", "haproxy.cfg"), edit(data["haproxy.cfg"] as string));
  }

  async stop(): Promise<void> {
    await this.#process?.stop();
    for (const socket of this.#connections) socket.destroy();
    this.#listener.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Its output so far. */
  output(): string {
    return this.#process?.output() ?? "";
  }

  /** The lines about requests in its output. */
  printed(): Line[] {
    return linesIn(this.output());
  }

  /** The lines about requests that it has sent to the listener's socket. */
  lines(): Line[] {
    return linesIn(this.#requests);
  }

  /** Sends one command to HAProxy's runtime API, and returns the answer. */
  command(text: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect(join(this.#folder, "run", "haproxy.sock"));
      let answer = "";
      socket.on("data", (data) => {
        answer += data;
      });
      socket.on("error", reject).on("close", () => resolve(answer));
      socket.write(`${text}\n`);
    });
  }

  /** Does what the listener does when a signer's session opens. */
  async sessionOpens(signer: string, session: string): Promise<void> {
    const answer = await this.command(`set map virt@sessions ${signer} ${session}`);
    if (answer.includes("not found")) await this.command(`add map virt@sessions ${signer} ${session}`);
    await this.command(`set server tunnel-${signer}/tunnel health up`);
  }

  /** Does what the listener does when a signer's session ends. */
  async sessionEnds(signer: string): Promise<void> {
    await this.command(`del map virt@sessions ${signer}`);
  }

  /** Waits until the gateway considers a signer's tunnel up, or down. */
  async isUp(signer: string, wanted: boolean): Promise<void> {
    await this.#passes(`tunnel-${signer}`, wanted);
  }

  /** Waits until a signer's tunnel passes the check for slow links, or fails it. */
  async isSlow(signer: string, wanted: boolean): Promise<void> {
    await this.#passes(`slow-${signer}`, wanted);
  }

  async #passes(backend: string, wanted: boolean): Promise<void> {
    const state = () => this.command(`show servers state ${backend}`);
    // A line has the ids and names of backend and server, the address, and the state; 2 is up.
    await until("the tunnel's state", 15, async () => / tunnel \S+ 2 /.test(await state()) === wanted, state);
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
