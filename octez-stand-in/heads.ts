import { createInterface } from "node:readline/promises";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { RpcHeader } from "./blockRpc.ts";
import type { Say } from "./eventLog.ts";
import { Refusal } from "./octezError.ts";

/** A head, and when this program heard of it, by `performance.now()`. */
export type Head = RpcHeader & { readonly heardAt: number };

/** The node's head as it advances. */
export class Heads {
  #head: Head | undefined;
  #waiting: (() => void)[] = [];
  readonly #say: Say;

  constructor(say: Say) {
    this.#say = say;
  }

  /** The head, once its level is above the given one. */
  async above(level: number): Promise<Head> {
    while (!this.#head || this.#head.level <= level)
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    return this.#head;
  }

  /** Follows the node forever. Waits for a node that is not up yet only if `keepAlive` is true. */
  async follow(endpoint: string, keepAlive: boolean): Promise<never> {
    let delay = 1000;
    for (;;) {
      try {
        const response = await fetch(`${endpoint}/monitor/heads/main`);
        if (!response.ok || !response.body) throw new Error(`HTTP ${response.status}`);
        delay = 1000;
        const lines = createInterface({ input: Readable.fromWeb(response.body) });
        for await (const line of lines) this.#announce(JSON.parse(line) as RpcHeader);
        this.#say(`The node at ${endpoint} has ended the stream of heads.`);
      } catch (error) {
        if (!this.#head && !keepAlive) throw new Refusal(`Cannot connect to node: ${endpoint}`);
        const { message, cause } = error as Error;
        this.#say(`Cannot reach the node at ${endpoint}: ${cause instanceof Error ? cause.message : message}`);
      }
      await sleep(delay);
      delay = Math.min(delay * 1.5, 10_000);
    }
  }

  #announce(head: RpcHeader): void {
    this.#head = { ...head, heardAt: performance.now() };
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
