import { createHash } from "node:crypto";
import { b58Encode, PrefixV2 } from "@taquito/utils";
import { type Chain, headerAt, levelAt } from "./chain.ts";
import { readSignedBlock, readSignedVote, type SignedVote } from "./signedBytes.ts";

/** What one delegate may do at a level: its slot for votes, and the rounds in which it may bake. */
export type Rights = { readonly address: string; readonly slot: number; readonly rounds: readonly number[] };

/** The levels that a node keeps, as one in a rolling history mode does: 5 h 30 of the sandbox. */
const keptLevels = 10_000;

/**
 * A chain with the votes and blocks that bakers have injected since this node's start.
 *
 * - A key whose rights a baker asks for is a delegate from then on. Each delegate votes at each level.
 * - The delegates have the rounds 0 of the levels by turns. The further rounds are another baker's.
 * - A level comes at its time whatever happens. If the delegate whose turn it is has injected no block by then, the
 *   block is that other baker's, in round 1.
 * - Nobody checks a signature.
 */
export class LiveChain {
  readonly chain: Chain;
  /** Owns the rounds that no delegate has. */
  readonly otherBaker: string;
  readonly #now: () => number;
  readonly #start: number;
  /** The level from which each delegate votes, in the order of their slots. */
  readonly #delegates = new Map<string, number>();
  readonly #votes = new Map<number, SignedVote[]>();
  readonly #bakedInTime = new Set<number>();

  /** `now` is the clock, in Unix milliseconds. */
  constructor(chain: Chain, now: () => number) {
    this.chain = chain;
    this.#now = now;
    this.#start = this.head;
    const digest = createHash("sha256").update(`other baker of ${chain.network}`).digest();
    this.otherBaker = b58Encode(digest.subarray(0, 20), PrefixV2.Ed25519PublicKeyHash);
  }

  get head(): number {
    return levelAt(this.chain, this.#now());
  }

  /** The lowest level whose block this node has. */
  get savepoint(): number {
    return Math.max(this.#start, this.head - keptLevels);
  }

  timeOf(level: number): number {
    return headerAt(this.chain, level).timestampMs;
  }

  /** The round in which the block of a level was baked. */
  roundOf(level: number): number {
    return this.#bakedInTime.has(level) || this.baker(level) === undefined ? 0 : 1;
  }

  /** The delegate whose turn it is to bake a level in round 0. */
  baker(level: number): string | undefined {
    // Nobody's right of the next level changes, as that may have been asked for already.
    const all = [...this.#delegates].filter(([, since]) => since < level - 1);
    return all[level % all.length]?.[0];
  }

  /** Makes a key a delegate, if it is none. */
  addDelegate(address: string): void {
    if (!this.#delegates.has(address)) this.#delegates.set(address, this.head);
  }

  /** The rights of all delegates at a level. */
  rightsAt(level: number): Rights[] {
    const baker = this.baker(level);
    return [...this.#delegates]
      .map(([address, since], slot) => ({ address, since, slot, rounds: address === baker ? [0] : [] }))
      .filter(({ since }) => since <= level);
  }

  /** The votes in the block of a level: those for the block before, injected before this one's time. */
  attestationsIn(level: number): SignedVote[] {
    return (this.#votes.get(level - 1) ?? []).filter(({ kind }) => kind === "attestation");
  }

  /** Takes a vote. One that is too late for the next block is on no chain. */
  injectVote(bytes: Buffer): void {
    const vote = readSignedVote(bytes);
    if (vote === undefined || vote.round !== this.roundOf(vote.level) || this.head !== vote.level) return;
    const votes = this.#votes.get(vote.level) ?? [];
    if (!votes.some(({ kind, slot }) => kind === vote.kind && slot === vote.slot)) votes.push(vote);
    this.#votes.set(vote.level, votes);
    this.#forget();
  }

  /** Takes the block of the next level. One that is too late is on no chain. */
  injectBlock(bytes: Buffer): void {
    const { level, round } = readSignedBlock(bytes);
    if (round === 0 && level === this.head + 1) this.#bakedInTime.add(level);
    this.#forget();
  }

  #forget(): void {
    for (const levels of [this.#votes, this.#bakedInTime])
      for (const level of levels.keys()) {
        if (level >= this.savepoint) break;
        levels.delete(level);
      }
  }
}
