import { request } from "node:http";
import { connect } from "node:net";

/** The loopback address that stands for the pod's. Tunnels end on another one, 127.0.0.1. */
export const podAddress = "127.0.0.2";

export type Reply = {
  readonly status: number;
  readonly text: string;
  readonly contentType: string | undefined;
  readonly ms: number;
};

/** Sends one request on a new connection. */
export function send(
  port: number,
  method: string,
  path: string,
  body: string | undefined,
  headers: Record<string, string>,
  host = podAddress,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const begin = performance.now();
    const all = { ...headers, ...(body !== undefined && { "content-length": `${Buffer.byteLength(body)}` }) };
    const options = { host, port, method, path, headers: all, agent: false };
    const outgoing = request(options, async (response) => {
      try {
        const text = Buffer.concat(await response.toArray()).toString();
        const ms = performance.now() - begin;
        resolve({ status: response.statusCode ?? 0, text, contentType: response.headers["content-type"], ms });
      } catch (error) {
        reject(error);
      }
    });
    outgoing.on("error", reject).end(body);
  });
}

/**
 * Sends raw bytes piece by piece, and returns everything that comes back.
 * It reads until the gateway closes the connection or is silent for `timeout` milliseconds.
 */
export function raw(port: number, pieces: readonly string[], timeout = 300): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, podAddress);
    let answer = "";
    socket.setTimeout(timeout, () => socket.destroy());
    socket.on("data", (data) => {
      answer += data.toString("latin1");
    });
    socket.on("error", () => {}).on("close", () => resolve(answer));
    socket.on("connect", async () => {
      for (const piece of pieces) {
        socket.write(piece, "latin1");
        await new Promise((next) => setTimeout(next, 20));
      }
    });
  });
}
