import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createListener } from "node:net";
import type { Duplex } from "node:stream";
import { answer } from "./api.ts";
import { Cancelled } from "./refusal.ts";
import type { Signing } from "./signing.ts";
import { Turnstile } from "./turnstile.ts";

/** octez-signer's limit of open connections (`RPC_server.ml`). The next one waits until one of them closes. */
const maxConnections = 100;
/** How often octez-signer checks that the client of a pending request is still connected (`eof_active_wait_delay`). */
const lookForClientMs = 1000;

export type Daemon = {
  readonly port: number;
  /** Stops the daemon at once and closes its open connections. */
  close(): Promise<void>;
};

/**
 * Serves a signer's HTTP API on 127.0.0.1 and behaves like octez-signer. There is no time-out and no size limit. At
 * most 100 connections are served. A request is cancelled within a second if its client closes the connection, or its
 * half of it. `port` defaults to 0: any free port.
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
    // The request was cancelled, or its client left while sending it. Nobody waits for an answer.
    handle(request, response).catch(() => request.socket.destroy());
  });
  // A client that has closed its half still gets an answer that is ready before the next check.
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

/** A signal that is aborted once a check, made each second, finds that the other side has closed its half. */
function whenClientIsGone(socket: Duplex): { signal: AbortSignal; stop(): void } {
  const controller = new AbortController();
  const timer = setInterval(() => {
    if (socket.readableEnded || socket.destroyed) controller.abort(new Cancelled());
  }, lookForClientMs);
  return { signal: controller.signal, stop: () => clearInterval(timer) };
}
