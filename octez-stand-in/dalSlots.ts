import { createInterface } from "node:readline/promises";
import { Readable } from "node:stream";
import type { SlotId } from "./dalAttestation.ts";
import type { Say } from "./eventLog.ts";

/** Levels without a word after which a stream is opened again (dal_attestable_slots_worker.ml, v25.2). */
const silentLevels = 3;
/** Levels that are remembered: a few more than may be attested. */
const rememberedLevels = 15;
/** How long the DAL node may take to say how it is, in milliseconds (v25.2). */
const healthTime = 10_000;

type Stream = { readonly abort: AbortController; silence: number };

/**
 * What a DAL node has said of the slots that may be attested. It is asked beside the baker's work: a baker takes what it
 * has heard, and waits for nothing.
 */
export class DalSlots {
  readonly #endpoint: string;
  readonly #say: Say;
  readonly #streams = new Map<string, Stream>();
  readonly #registered = new Set<string>();
  readonly #slots = new Map<string, SlotId[]>();

  constructor(endpoint: string, say: Say) {
    this.#endpoint = endpoint;
    this.#say = say;
  }

  /** Says how the DAL node is (`check_dal_node` in src/lib_agnostic_baker/command_run.ml). */
  async sayHealth(): Promise<void> {
    try {
      const response = await fetch(`${this.#endpoint}/health`, { signal: AbortSignal.timeout(healthTime) });
      const health = (await response.json()) as { status?: unknown };
      if (health.status === "up") return this.#say("The DAL node is healthy.");
      this.#say(
        `The DAL node running on ${this.#endpoint} is not healthy. DAL attestations cannot be sent. Its health is ` +
          `${health.status}. Please check that your DAL node is configured correctly.`,
      );
    } catch {
      this.#say(
        `The DAL node cannot be reached on endpoint: ${this.#endpoint}. ` +
          "Please check your DAL node and possibly restart it.",
      );
    }
  }

  /** At each level of a delegate: registers it, and opens its stream, where that is not done. Returns at once. */
  follow(delegate: string): void {
    const stream = this.#streams.get(delegate);
    if (stream && ++stream.silence <= silentLevels) return;
    stream?.abort.abort(new Error(`it was silent for ${silentLevels} levels`));
    const fresh: Stream = { abort: new AbortController(), silence: 0 };
    this.#streams.set(delegate, fresh);
    this.#read(delegate, fresh)
      .catch((error: Error) => {
        const { message, cause } = error;
        const problem = cause instanceof Error ? cause.message : message;
        this.#say(`Failed to monitor attestable slots for ${delegate}: ${problem}`);
      })
      .finally(() => {
        if (this.#streams.get(delegate) === fresh) this.#streams.delete(delegate);
      });
  }

  /** The slots that a delegate may attest, as far as it is known now. */
  attestable(delegate: string): readonly SlotId[] {
    return this.#slots.get(delegate) ?? [];
  }

  async #read(delegate: string, stream: Stream): Promise<void> {
    const { signal } = stream.abort;
    if (!this.#registered.has(delegate)) {
      const headers = { "content-type": "application/json" };
      const body = JSON.stringify({ attesters: [delegate] });
      const response = await fetch(`${this.#endpoint}/profiles`, { method: "PATCH", headers, body, signal });
      if (!response.ok) throw new Error(`/profiles: HTTP ${response.status}`);
      this.#registered.add(delegate);
    }
    const path = `/profiles/${delegate}/monitor/attestable_slots`;
    const response = await fetch(this.#endpoint + path, { signal });
    if (!response.ok || !response.body) throw new Error(`${path}: HTTP ${response.status}`);
    for await (const line of createInterface({ input: Readable.fromWeb(response.body) })) {
      stream.silence = 0;
      const { slot_id: slot, backfill_payload: backfill } = JSON.parse(line) as SlotEvent;
      this.#remember(delegate, [...(backfill?.slot_ids ?? []), ...(slot ? [slot] : [])]);
    }
    // A DAL node that has ended may come back as another one, which does not know the delegate.
    this.#registered.delete(delegate);
    throw new Error("the DAL node has ended the stream");
  }

  #remember(delegate: string, slots: readonly SlotId[]): void {
    const all = [...this.attestable(delegate), ...slots];
    const last = Math.max(...all.map(({ slot_level }) => slot_level));
    const isNew = ({ slot_level, slot_index }: SlotId, at: number) =>
      all.findIndex((other) => other.slot_level === slot_level && other.slot_index === slot_index) === at;
    this.#slots.set(
      delegate,
      all.filter((slot, at) => slot.slot_level > last - rememberedLevels && isNew(slot, at)),
    );
  }
}

type SlotEvent = {
  readonly slot_id?: SlotId;
  readonly backfill_payload?: { readonly slot_ids: readonly SlotId[] };
};
