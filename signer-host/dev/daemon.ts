import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createListener } from "node:net";
import type { Duplex } from "node:stream";
import { answer } from "./api.ts";
import { Cancelled } from "./refusal.ts";
import type { Signing } from "./signing.ts";
import { Turnstile } from "./turnstile.ts";

/** As many connections may be open at octez-signer (`RPC_server.ml`); the next one waits until one of them closes. */
const maxConnections = 100;
/** How often octez-signer looks whether the client of a request under way is still there (`eof_active_wait_delay`). */
const lookForClientMs = 1000;

export type Daemon = {
  readonly port: number;
  /** Ends at once, open connections included. */
  close(): Promise<void>;
};

/**
 * Serves a signer's HTTP API on 127.0.0.1, with the manners of octez-signer: no time limit and no size limit, 100
 * connections, and a request whose client has closed its connection, or its half of it, is cancelled within a second.
 * `port` 0, the default, takes any free port.
 */
export async function startDaemon(signing: Signing, port = 0): Promise<Daemon> {
  const http = httpServer((request, response) => respond(signing, request, response));
  const turnstile = new Turnstile(maxConnections, (socket) => {
    http.emit("connection", socket);
    socket.resume();
  });
  const listener = createListener({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (socket) =>
    turnstile.arrive(socket),
  );
  listener.listen(port, "127.0.0.1");
  await once(listener, "listening");
  return {
    port: (listener.address() as AddressInfo).port,
    close: async () => {
      const closed = once(listener, "close");
      listener.close();
      turnstile.close();
      await closed;
    },
  };
}

function httpServer(handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>): Server {
  const limits = { keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0, maxHeaderSize: 2 ** 30 };
  const server = createServer({ ...limits, requireHostHeader: false }, (request, response) => {
    // Cancelled, or gone while it was asking: there is nobody to tell.
    handle(request, response).catch(() => request.socket.destroy());
  });
  // A client that has closed its half is still answered, if that takes no longer than until somebody looks.
  return Object.assign(server, { httpAllowHalfOpen: true, maxHeadersCount: 0 });
}

async function respond(signing: Signing, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const cancelling = whenClientIsGone(request.socket);
  try {
    const reply = await answer(
      signing,
      {
        method: request.method ?? "",
        target: request.url ?? "",
        contentType: request.headers["content-type"],
        body: Buffer.concat(await request.toArray()),
      },
      cancelling.signal,
    );
    const length = Buffer.byteLength(reply.body);
    response.writeHead(reply.status, [
      ...reply.headers.flat(),
      ...(reply.isChunked ? ["transfer-encoding", "chunked"] : ["content-length", String(length)]),
    ]);
    response.end(reply.body);
  } finally {
    cancelling.stop();
  }
}

/** A signal that is aborted once a look, one each second, finds that the other side has closed its half. */
function whenClientIsGone(socket: Duplex): { signal: AbortSignal; stop(): void } {
  const controller = new AbortController();
  const timer = setInterval(() => {
    if (socket.readableEnded || socket.destroyed) controller.abort(new Cancelled());
  }, lookForClientMs);
  return { signal: controller.signal, stop: () => clearInterval(timer) };
}
