import { mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { InMemorySigner } from "@taquito/signer";
import { b58Encode, PrefixV2 } from "@taquito/utils";
import { type Daemon, startDaemon } from "./daemon.ts";
import { Signing } from "./signing.ts";
import { WatermarkStore } from "./watermarkStore.ts";

/** For tests: a signer with one key, and clients that control every byte they send. */
export class RawRig {
  readonly folder = mkdtempSync(join(tmpdir(), "raw-"));
  readonly refusals: string[] = [];
  readonly address: string;
  signed = 0;
  /** How long the key takes for a signature. */
  secondsEach = 0;
  readonly #signer: InMemorySigner;
  #daemon: Daemon | undefined;
  #clients: RawClient[] = [];

  private constructor(signer: InMemorySigner, address: string) {
    this.#signer = signer;
    this.address = address;
  }

  static async start(): Promise<RawRig> {
    const signer = new InMemorySigner(b58Encode(new Uint8Array(32).fill(1), PrefixV2.Ed25519Seed));
    const rig = new RawRig(signer, await signer.publicKeyHash());
    await rig.#listen(await signer.publicKey());
    return rig;
  }

  async #listen(publicKey: string): Promise<void> {
    const sign = async (bytes: Uint8Array) => {
      await sleep(this.secondsEach * 1000);
      return (await this.#signer.sign(bytes)).prefixSig;
    };
    const { address } = this;
    const keys = new Map([[address, { alias: "home", address, publicKey, isBls: false, sign }]]);
    this.#daemon = await startDaemon(
      new Signing(keys, new WatermarkStore(this.folder), {
        onSigned: () => this.signed++,
        onRefused: (message) => this.refusals.push(message),
      }),
    );
  }

  get port(): number {
    return this.#daemon?.port ?? 0;
  }

  /** A client that sends this text at once. */
  client(text = ""): RawClient {
    const client = new RawClient(this.port, text);
    this.#clients.push(client);
    return client;
  }

  /** A request to sign these bytes as a baker sends it, but with a content length. */
  post(bytes: Buffer, { path = `/keys/${this.address}?version=3`, type = "application/json" } = {}): string {
    return request(`POST ${path}`, [`content-type: ${type}`], `"${bytes.toString("hex")}"\n`);
  }

  /** Call it between two tests. */
  clean(): void {
    for (const { socket } of this.#clients.splice(0)) socket.destroy();
    this.secondsEach = 0;
  }

  async stop(): Promise<void> {
    await this.#daemon?.close();
    rmSync(this.folder, { recursive: true });
  }
}

/** A request with its length, if it has a body. */
export function request(line: string, headers: readonly string[] = [], body = ""): string {
  const sized = body === "" ? [] : [`content-length: ${Buffer.byteLength(body)}`];
  return [`${line} HTTP/1.1`, "host: signer", ...headers, ...sized, "", body].join("\r\n");
}

/** One connection. `got` is the text received so far. */
export class RawClient {
  readonly socket: Socket;
  got = "";
  ended = false;
  readonly #isHead: boolean;

  constructor(port: number, text: string) {
    this.#isHead = text.startsWith("HEAD");
    this.socket = connect({ port: port, host: "127.0.0.1", allowHalfOpen: true });
    this.socket.setEncoding("utf8").on("data", (data) => {
      this.got += data;
    });
    this.socket.on("end", () => {
      this.ended = true;
    });
    this.socket.on("error", () => {});
    this.socket.write(text);
  }

  /** The one answer, once it is complete. An answer to HEAD has no body. */
  async reply(): Promise<{ status: number; headers: string[]; body: string }> {
    for (let tries = 0; tries < 300; tries++) {
      const end = this.got.indexOf("\r\n\r\n");
      const [line = "", ...headers] = this.got.slice(0, Math.max(end, 0)).split("\r\n");
      const body = this.got.slice(end + 4);
      const length = headers.find((header) => header.startsWith("content-length: "))?.slice(16);
      const isWhole =
        length === undefined ? body.endsWith("0\r\n\r\n") || this.#isHead : body.length === Number(length);
      const seen = headers.filter((header) => !/^(date|connection|keep-alive):/i.test(header));
      if (end >= 0 && isWhole) return { status: Number(line.split(" ")[1]), headers: seen, body };
      await sleep(10);
    }
    return { status: 0, headers: [], body: this.got };
  }
}
