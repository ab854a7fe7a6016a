import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * For tests: a slow link to a tunnel's end.
 * A connection through it opens after one round trip, as an ssh channel does. Data takes half a round trip each way.
 */
export class SlowLink {
  roundTripMs = 0;
  /** While true, the link accepts data and passes nothing on. */
  isCut = false;
  port = 0;
  readonly #sockets = new Set<Socket>();
  readonly #target: () => number;
  readonly #host: string;
  readonly #from: string | undefined;
  #server: Server | undefined;

  /**
   * `target` returns the port that the link leads to, of `host`, which is 127.0.0.1 unless given. Its connections come from
   * the address `from`, or from the one that the kernel takes.
   */
  constructor(target: () => number, { host = "127.0.0.1", from }: { host?: string; from?: string | undefined } = {}) {
    this.#target = target;
    this.#host = host;
    this.#from = from;
  }

  async open(): Promise<void> {
    this.#server = createServer((near) => {
      const far = connect({ port: this.#target(), host: this.#host, localAddress: this.#from });
      const openedAt = performance.now() + this.roundTripMs;
      this.#passOn(near, far, openedAt);
      this.#passOn(far, near, openedAt);
    });
    this.#server.listen(this.port, "127.0.0.1");
    await once(this.#server, "listening");
    this.port = (this.#server.address() as AddressInfo).port;
  }

  #passOn(from: Socket, to: Socket, openedAt: number): void {
    this.#sockets.add(from);
    let before = Promise.resolve();
    const later = (work: () => void) => {
      const due = Math.max(openedAt, performance.now()) + this.roundTripMs / 2;
      before = before.then(() => sleep(Math.max(0, due - performance.now())));
      void before.then(() => this.isCut || work());
    };
    from.on("data", (data) => later(() => to.write(data)));
    from.on("end", () => later(() => to.end()));
    from.on("error", () => to.destroy());
    from.on("close", () => this.#sockets.delete(from));
  }

  /** Closes the link and all its connections. */
  close(): void {
    this.#server?.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}
