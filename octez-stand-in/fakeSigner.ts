import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { InMemorySigner } from "@taquito/signer";

export type Key = { readonly address: string; readonly publicKey: string; readonly signer: InMemorySigner };

/** A key for tests, on the secret key's curve. */
export async function keyOf(secretKey: string): Promise<Key> {
  const signer = new InMemorySigner(secretKey);
  return { signer, address: await signer.publicKeyHash(), publicKey: await signer.publicKey() };
}

/** A request as it arrived, with its connection (counted from 0) and its time by `performance.now()`. */
export type Arrival = {
  readonly line: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly connection: number;
  readonly at: number;
};

/** For tests: a signer that signs every request, in octez-signer's way. `answer` may answer instead. */
export class FakeSigner {
  readonly arrivals: Arrival[] = [];
  /** The bodies of the requests for signatures that it has answered itself. */
  readonly bodies: string[] = [];
  /** The number of connections, and how many of them the client closed after its answer. */
  readonly connections = { opened: 0, closedByClient: 0 };
  answer: (path: string) => { status: number; body: string } | "silence" | undefined = () => undefined;
  readonly #key: Key;
  readonly #server: Server;
  readonly #numbers = new WeakMap<object, number>();

  constructor(key: Key) {
    this.#key = key;
    // Like octez-signer, it never closes a connection first.
    this.#server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, async (request, response) => {
      const { status, body } = await this.#reply(request);
      const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
      if (status > 0) response.writeHead(status, headers).end(body);
    });
    this.#server.on("connection", (socket) => {
      this.#numbers.set(socket, this.connections.opened++);
      socket.on("end", () => this.connections.closedByClient++);
    });
  }

  /** The request lines. */
  get requests(): string[] {
    return this.arrivals.map(({ line }) => line);
  }

  async listen(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #reply(request: IncomingMessage): Promise<{ status: number; body: string }> {
    const path = request.url ?? "";
    const at = performance.now();
    const body = Buffer.concat(await request.toArray()).toString();
    const { headers, method, socket } = request;
    const connection = this.#numbers.get(socket) ?? -1;
    this.arrivals.push({ line: `${method} ${path}`, headers, body, connection, at });
    const answer = this.answer(path);
    if (answer === "silence") return { status: 0, body: "" };
    if (answer) return answer;
    if (path === "/authorized_keys") return { status: 200, body: "{}\n" };
    if (headers["content-type"] !== "application/json") return { status: 415, body: "" };
    this.bodies.push(body);
    const { prefixSig } = await this.#key.signer.sign(JSON.parse(body) as string);
    return { status: 200, body: `${JSON.stringify({ signature: prefixSig })}\n` };
  }
}
