import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** A request as it came out of the tunnel. */
export type Arrival = {
  readonly method: string;
  /** Path and query string, as they stand in the request line. */
  readonly target: string;
  /** Names and values in turn, as they came. */
  readonly headers: readonly string[];
  readonly body: string;
  /** Tells connections apart. */
  readonly connection: number;
};

/** Answers a request, or does not. */
export type Answer = (arrival: Arrival, response: ServerResponse, socket: Socket) => void;

export const signature =
  "edsigtXomBKi5CTRf5cjATJWSyaRvhfYNHqSUGrn4SdbYRcGwQrUGjzEfQDTuqHhuA8b2d8NarZjz8TRf65WkpQmo423BtomS8Q";

/** What a signer answers that is well. */
export const well: Answer = ({ method, target }, response) => {
  const json = target.startsWith("/authorized_keys") ? {} : method === "POST" ? { signature } : { public_key: "edpk" };
  response.writeHead(200, { "content-type": "application/json" }).end(`${JSON.stringify(json)}\n`);
};

/** For tests: a tunnel's end on a loopback port, with a signer behind it that answers as it is told to. */
export class TunnelEnd {
  /** What all that is not a health check came with. */
  readonly arrivals: Arrival[] = [];
  /** How many health checks came. */
  checks = 0;
  answer: Answer = well;
  /** How health checks are answered, where not like the rest. */
  answerCheck: Answer | undefined;
  port = 0;
  #server: Server | undefined;
  #connections = 0;

  /** Opens it: the tunnel is there. The port is any free one, and the same again after that. */
  async open(): Promise<void> {
    if (this.#server) return;
    const server = createServer({ keepAliveTimeout: 0, insecureHTTPParser: true }, async (request, response) => {
      const body = Buffer.concat(await request.toArray().catch(() => [])).toString("latin1");
      this.#take(request, response, body);
    });
    server.on("connection", (socket) => Object.assign(socket, { number: ++this.#connections }));
    server.on("clientError", () => {});
    while (!server.listening) {
      // Below the ports that connections take for themselves: nobody else takes it while it is closed.
      const port = this.port || randomInt(21_000, 32_000);
      server.listen(port, "127.0.0.1");
      await once(server, "listening").catch((error: Error) => {
        if (this.port) throw error;
      });
    }
    this.port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  #take(request: IncomingMessage, response: ServerResponse, body: string): void {
    const arrival: Arrival = {
      method: request.method ?? "",
      target: request.url ?? "",
      headers: request.rawHeaders,
      body,
      connection: (request.socket as Socket & { number: number }).number,
    };
    if (request.headers.host === "signer.check") {
      this.checks++;
      (this.answerCheck ?? this.answer)(arrival, response, request.socket);
      return;
    }
    this.arrivals.push(arrival);
    this.answer(arrival, response, request.socket);
  }

  /** Ends it with all its connections: the tunnel is gone, and connections are refused. */
  async close(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  }

  /** How many connections there have been. */
  get connections(): number {
    return this.#connections;
  }

  /** The requests for signatures that came. */
  get asked(): Arrival[] {
    return this.arrivals.filter(({ method }) => method === "POST");
  }
}
