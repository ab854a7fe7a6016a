import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { answer, type Reply } from "./api.ts";
import type { Signing } from "./signing.ts";

/** Far above what a baker signs (a block header is under 400 bytes); octez-signer itself has no limit. */
const maxBodyBytes = 64 * 1024;

export interface Daemon {
  readonly port: number;
  /** Ends at once, open connections included. */
  close(): Promise<void>;
}

/**
 * Serves a signer's HTTP API on 127.0.0.1. `port` 0, the default, takes any free port. Connections are kept open for as
 * long as the client likes, as octez-signer does, so that no request meets a connection that is just being closed.
 */
export async function startDaemon(signing: Signing, port = 0): Promise<Daemon> {
  const server = createServer(
    { keepAliveTimeout: 0, requestTimeout: 10_000, headersTimeout: 10_000 },
    (request, response) => {
      respond(signing, request, response).catch((error: Error) => {
        if (!response.headersSent) {
          response.writeHead(500, { "content-type": "text/plain" });
        }
        response.end(error.message);
      });
    },
  );
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function respond(signing: Signing, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readBody(request);
  const reply: Reply =
    body === undefined
      ? { status: 413, text: `the request's body is over ${maxBodyBytes} bytes`, close: true }
      : await answer(signing, {
          method: request.method ?? "",
          target: request.url ?? "",
          contentType: request.headers["content-type"],
          body,
        });
  const content = "json" in reply ? `${JSON.stringify(reply.json)}\n` : (reply.text ?? "");
  response.writeHead(reply.status, {
    ...("json" in reply ? { "content-type": "application/json" } : reply.text && { "content-type": "text/plain" }),
    ...(reply.allow && { allow: reply.allow }),
    ...(reply.close && { connection: "close" }),
    "content-length": Buffer.byteLength(content),
  });
  response.end(content);
}

/** Undefined if there is more than the limit. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  // The connection must outlive a body that is not read to its end: the refusal goes out on it.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBodyBytes) {
      return undefined;
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
