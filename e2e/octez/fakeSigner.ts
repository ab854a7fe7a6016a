import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { InMemorySigner } from "@taquito/signer";

export type Key = { readonly address: string; readonly publicKey: string; readonly signer: InMemorySigner };

/** A key for tests, of the curve of the secret key. */
export async function keyOf(secretKey: string): Promise<Key> {
  const signer = new InMemorySigner(secretKey);
  return { signer, address: await signer.publicKeyHash(), publicKey: await signer.publicKey() };
}

/** A signer that signs whatever it is asked to, for tests. `answer` may answer instead. */
export class FakeSigner {
  readonly requests: string[] = [];
  readonly bodies: string[] = [];
  answer: (path: string) => { status: number; body: string } | "silence" | undefined = () => undefined;
  readonly #key: Key;
  readonly #server: Server;

  constructor(key: Key) {
    this.#key = key;
    this.#server = createServer(async (request, response) => {
      const { status, body } = await this.#reply(request);
      if (status > 0) response.writeHead(status, { "content-type": "application/json" }).end(body);
    });
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
    this.requests.push(`${request.method} ${path}`);
    const body = Buffer.concat(await request.toArray()).toString();
    const answer = this.answer(path);
    if (answer === "silence") return { status: 0, body: "" };
    if (answer) return answer;
    if (path === "/authorized_keys") return { status: 200, body: "{}" };
    this.bodies.push(body);
    const { prefixSig } = await this.#key.signer.sign(JSON.parse(body) as string);
    return { status: 200, body: JSON.stringify({ signature: prefixSig }) };
  }
}
