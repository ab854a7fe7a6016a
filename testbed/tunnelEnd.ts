import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** A request as it arrived from the tunnel. */
export type Arrival = {
  readonly method: string;
  /** The path and query string, as in the request line. */
  readonly target: string;
  /** Names and values alternately, in the order of their arrival. */
  readonly headers: readonly string[];
  readonly body: string;
  /** The number of the connection, counted from 1. */
  readonly connection: number;
};

/** Handles a request: it may answer it or leave it unanswered. */
export type Answer = (arrival: Arrival, response: ServerResponse, socket: Socket) => void;

export const signature =
  "edsigtXomBKi5CTRf5cjATJWSyaRvhfYNHqSUGrn4SdbYRcGwQrUGjzEfQDTuqHhuA8b2d8NarZjz8TRf65WkpQmo423BtomS8Q";

/** The answers of a healthy signer. */
export const well: Answer = ({ method, target }, response) => {
  const json = target.startsWith("/authorized_keys") ? {} : method === "POST" ? { signature } : { public_key: "edpk" };
  response.writeHead(200, { "content-type": "application/json" }).end(`${JSON.stringify(json)}\n`);
};

/** For tests: a tunnel's end on a loopback port, with a signer behind it that answers as configured. */
export class TunnelEnd {
  /** The requests that have arrived, health checks excluded. */
  readonly arrivals: Arrival[] = [];
  /** The number of health checks so far. */
  checks = 0;
  answer: Answer = well;
  /** Answers health checks, if they are not to be answered like the rest. */
  answerCheck: Answer | undefined;
  port = 0;
  #server: Server | undefined;
  #connections = 0;

  /**
   * Opens the end, as if the tunnel were connected, and tells whether it was closed. The first call picks a free port,
   * and later calls reuse it.
   */
  async open(): Promise<boolean> {
    if (this.#server) return false;
    const server = createServer({ keepAliveTimeout: 0, insecureHTTPParser: true }, async (request, response) => {
      const body = Buffer.concat(await request.toArray().catch(() => [])).toString("latin1");
      this.#take(request, response, body);
    });
    server.on("connection", (socket) => Object.assign(socket, { number: ++this.#connections }));
    server.on("clientError", () => {});
    while (!server.listening) {
      // Below the ephemeral ports, so that no connection takes the port while this end is closed.
      const port = this.port || randomInt(21_000, 32_000);
      server.listen(port, "127.0.0.1");
      await once(server, "listening").catch((error: Error) => {
        if (this.port) throw error;
      });
    }
    this.port = (server.address() as AddressInfo).port;
    this.#server = server;
    return true;
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

  /** Closes the end and all its connections, as if the tunnel were gone. New connections are refused. */
  async close(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  }

  /** The number of connections so far. */
  get connections(): number {
    return this.#connections;
  }

  /** The requests for signatures that have arrived. */
  get asked(): Arrival[] {
    return this.arrivals.filter(({ method }) => method === "POST");
  }
}
