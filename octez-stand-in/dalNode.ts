import { attestationLags, type SlotId } from "./dalAttestation.ts";
import { merged } from "./dalDataDir.ts";
import type { Controllers, Profile } from "./dalNodeArgs.ts";
import type { Metric } from "./metrics.ts";

/** Levels from a slot's publication to the last block that may attest it (ATTESTATION_LAG of protocol U). */
const attestationLag = Math.max(...attestationLags);
/** Slots of a level, and the one of them that somebody publishes at each. */
const numberOfSlots = 160;
const publishedSlot = 0;
/** Shards of a slot, dealt to the attesters here in equal parts. */
const numberOfShards = 512;
/** Final is what has this many levels above it. */
export const finality = 2;
/** The others of a network whom this node would know. */
const peers = 12;

/** What a DAL node knows: its profile, the levels of its chain, and the slots that its attesters may attest. */
export class DalNode {
  readonly network: string;
  #profile: Profile;
  readonly #firstHead: number;
  #head: number;
  #isSynced = false;
  /** By attester, the part of the level's slots that it attested. */
  readonly #attested = new Map<string, number>();
  readonly #listeners = new Set<() => void>();

  /** `network` is the name of the gossip network, `head` the level of the node's head. */
  constructor(network: string, profile: Profile, head: number) {
    this.network = network;
    this.#profile = profile;
    this.#firstHead = head;
    this.#head = head;
  }

  get profile(): Profile {
    return this.#profile;
  }

  get attesters(): readonly string[] {
    return this.#profile === "bootstrap" ? [] : this.#profile.attesters;
  }

  /** The last final level that it has seen, which it has processed. */
  get finalized(): number {
    return this.#head - finality;
  }

  get isSynced(): boolean {
    return this.#isSynced;
  }

  /** Adds profiles. Returns false for a bootstrap node, which can have no others. */
  add(profiles: Controllers): boolean {
    if (this.#profile === "bootstrap") return false;
    this.#profile = merged(this.#profile, profiles) ?? profiles;
    return true;
  }

  /** Octez's node is synchronised. Only then has this one peers. */
  sync(): void {
    this.#isSynced = true;
  }

  /** Takes a new head. `attested` tells of each attester which part of the slots it attested in the final block. */
  advance(head: number, attested: ReadonlyMap<string, number>): void {
    this.#head = head;
    for (const [attester, ratio] of attested) this.#attested.set(attester, ratio);
    for (const listener of this.#listeners) listener();
  }

  /** Calls the listener at each new head, until the returned function is called. */
  onHead(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The slots of a publication level whose shards it has for a key. A key that is no attester's has none. */
  slotsOf(address: string, publishedLevel: number): SlotId[] {
    const isHere = publishedLevel > 0 && publishedLevel <= this.finalized && this.attesters.includes(address);
    return isHere ? [{ slot_level: publishedLevel, slot_index: publishedSlot }] : [];
  }

  /** The slots that may still be attested. */
  slotsInReach(address: string): SlotId[] {
    return Array.from({ length: attestationLag }, (_, back) => this.finalized - back).flatMap((level) =>
      this.slotsOf(address, level),
    );
  }

  /** Whether each slot may be attested in the block of a level. */
  attestableAt(address: string, attestedLevel: number): unknown {
    const published = attestedLevel - attestationLag;
    const slots = this.slotsOf(address, published).map(({ slot_index }) => slot_index);
    return {
      kind: "attestable_slots_set",
      attestable_slots_set: Array.from({ length: numberOfSlots }, (_, index) => slots.includes(index)),
      published_level: published,
    };
  }

  /** The shards that a key has to keep. */
  shardsOf(address: string): number[] {
    const index = this.attesters.indexOf(address);
    const each = this.#shardsEach();
    return index < 0 ? [] : Array.from({ length: each }, (_, shard) => index * each + shard);
  }

  health(): unknown {
    const isEmpty = this.#profile !== "bootstrap" && Object.values(this.#profile).every((list) => list.length === 0);
    const p2p = { name: "p2p", status: this.#isSynced ? "up" : "down" };
    if (!this.#isSynced) return { status: "down", checks: [p2p] };
    if (isEmpty) return { status: "degraded", checks: [p2p, { name: "Has registered profiles", status: "no" }] };
    return { status: "up", checks: [p2p, { name: "topics", status: "ok" }, { name: "gossipsub", status: "up" }] };
  }

  /** Some of Octez's metrics (src/lib_dal_node/dal_metrics.ml, v25.1). */
  metrics(): Metric[] {
    const shards = (this.#head - this.#firstHead) * this.attesters.length * this.#shardsEach();
    const one = (value: number) => [{ value }];
    return [
      {
        name: "dal_node_attested_slot_for_baker_per_level_ratio",
        help:
          "Ratio between the number of slots attested by the baker over the total number of attestable slots per " +
          "level.",
        type: "gauge",
        // Octez ends the label with a line break.
        samples: [...this.#attested].map(([attester, value]) => ({ labels: { attester: `${attester}\n` }, value })),
      },
      {
        name: "dal_node_layer1_block_finalized",
        help: "The layer 1 block with the given level has been finalized",
        type: "gauge",
        samples: one(this.finalized),
      },
      {
        name: "dal_node_new_layer1_head",
        help: "A new layer 1 head with the given level has been received",
        type: "gauge",
        samples: one(this.#head),
      },
      {
        name: "dal_node_number_of_stored_shards",
        help: "Number of stored shards (local injection or remote reception)",
        type: "counter",
        samples: one(shards),
      },
      {
        name: "dal_gs_count_connections",
        help: "Count the number connections of the node",
        type: "gauge",
        samples: one(this.#isSynced ? peers : 0),
      },
      {
        name: "dal_gs_count_topics",
        help: "The number of topics of the node",
        type: "gauge",
        samples: one(this.attesters.length * numberOfSlots),
      },
    ];
  }

  #shardsEach(): number {
    return Math.floor(numberOfShards / Math.max(1, this.attesters.length));
  }
}
