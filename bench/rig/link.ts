import type { Background } from "../../testbed/background.ts";
import { home } from "./networks.ts";
import { startRelay } from "./traffic.ts";

export type Address = { readonly host: string; readonly port: number };

/** The number of links made so far. Each uses a different loopback address for its relays. */
let links = 0;

/** The way from the home to servers, with an additional round trip of `rtt` milliseconds; 0 adds none. */
export class Link {
  readonly rtt: number;
  /** The relays by the address of the server that each leads to. */
  readonly #relays = new Map<string, Promise<Background>>();
  readonly #loopback: string;

  constructor(rtt: number) {
    this.rtt = rtt;
    links++;
    this.#loopback = `127.0.1.${links}`;
  }

  /** The address at which a client at home reaches a server over this link. The port stays the same. */
  async to(server: Address): Promise<Address> {
    if (this.rtt === 0) return server;
    const host = this.#loopback;
    const to = `${server.host}:${server.port}`;
    if (!this.#relays.has(to)) this.#relays.set(to, startRelay(home, `${host}:${server.port}`, to, this.rtt));
    await this.#relays.get(to);
    return { host, port: server.port };
  }

  async close(): Promise<void> {
    for (const relay of this.#relays.values()) await (await relay).stop();
  }
}
