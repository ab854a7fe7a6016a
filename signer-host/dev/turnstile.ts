import type { Socket } from "node:net";

/** Admits a limited number of connections at once. The others wait, open and unread, and enter in order of arrival. */
export class Turnstile {
  readonly #limit: number;
  readonly #admit: (socket: Socket) => void;
  readonly #inside = new Set<Socket>();
  readonly #waiting: Socket[] = [];

  /** `admit` gets each paused connection when its turn comes. */
  constructor(limit: number, admit: (socket: Socket) => void) {
    this.#limit = limit;
    this.#admit = admit;
  }

  /** Takes a paused connection. */
  arrive(socket: Socket): void {
    this.#waiting.push(socket);
    this.#next();
  }

  /** Ends every connection. */
  close(): void {
    for (const socket of [...this.#waiting.splice(0), ...this.#inside]) socket.destroy();
  }

  #next(): void {
    while (this.#inside.size < this.#limit) {
      const socket = this.#waiting.shift();
      if (socket === undefined) return;
      this.#inside.add(socket);
      socket.once("close", () => {
        this.#inside.delete(socket);
        this.#next();
      });
      this.#admit(socket);
    }
  }
}
