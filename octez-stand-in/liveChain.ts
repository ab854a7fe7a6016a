import { createHash } from "node:crypto";
import { b58Encode, PrefixV2 } from "@taquito/utils";
import { type Chain, headerAt, levelAt } from "./chain.ts";
import { voteBytes } from "./consensusBytes.ts";
import type { DelegateKeys } from "./delegateKeys.ts";
import { Delegates } from "./delegates.ts";
import { applyKeyOperation, type SignedKeyOperation } from "./keyOperation.ts";
import { isSignature } from "./remoteSigner.ts";
import { encodeSignature, readSignedBlock, readSignedVote, type SignedVote } from "./signedBytes.ts";

/** What one delegate may do at a level: its slot for votes, the rounds in which it may bake, and with which keys. */
export type Rights = {
  readonly delegate: string;
  readonly consensusKey: string;
  /** Only beside a consensus key that is a tz4. */
  readonly companionKey?: string;
  readonly slot: number;
  readonly rounds: readonly number[];
};

/** The levels that a node keeps, as one in a rolling history mode does: 5 h 30 of the sandbox. */
const keptLevels = 10_000;

/**
 * A chain with the votes and blocks that bakers have injected since this node's start.
 *
 * - A key whose rights a baker asks for is a delegate from then on, unless it is known as another's key. Each delegate
 *   votes at each level, with its consensus key of the level's cycle.
 * - The delegates have the rounds 0 of the levels by turns. The further rounds are another baker's.
 * - A level comes at its time whatever happens. If the delegate whose turn it is has injected no block by then, the
 *   block is that other baker's, in round 1.
 * - A signature is checked if an operation has told the public key.
 */
export class LiveChain {
  readonly chain: Chain;
  /** Owns the rounds that no delegate has. */
  readonly otherBaker: string;
  readonly #now: () => number;
  readonly #keep: ((keys: DelegateKeys) => void) | undefined;
  readonly #start: number;
  /** Each has the slot of its place among all. */
  readonly delegates: Delegates;
  readonly #votes = new Map<number, SignedVote[]>();
  readonly #bakedInTime = new Set<number>();

  /** `now` is the clock, in Unix milliseconds. `kept` are the delegates of before, and `keep` keeps those of now. */
  constructor(chain: Chain, now: () => number = Date.now, kept?: DelegateKeys, keep?: (keys: DelegateKeys) => void) {
    this.chain = chain;
    this.#keep = keep;
    this.delegates = new Delegates(chain.cycleLength, kept);
    this.#now = now;
    this.#start = this.head;
    const digest = createHash("sha256").update(`other baker of ${chain.network}`).digest();
    this.otherBaker = b58Encode(digest.subarray(0, 20), PrefixV2.Ed25519PublicKeyHash);
  }

  get head(): number {
    return levelAt(this.chain, this.#now());
  }

  /**
   * The head, and in how many milliseconds the next one comes, by one look at the clock. Node's timers ring up to 1 ms
   * early, so a second look may be at the next level.
   */
  headNow(): { readonly level: number; readonly lastsMs: number } {
    const now = this.#now();
    const { intervalMs, startMs } = this.chain;
    return { level: levelAt(this.chain, now), lastsMs: intervalMs - ((now - startMs) % intervalMs) };
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
    const all = this.delegates.all.filter((each) => each.rightsFrom < level - 1 && isBefore(level, each.rightsUntil));
    return all[level % all.length]?.address;
  }

  /** The rights of all delegates at a level. */
  rightsAt(level: number): Rights[] {
    const baker = this.baker(level);
    return this.delegates.all.flatMap(({ address, rightsFrom, rightsUntil }, slot) => {
      if (rightsFrom > level || !isBefore(level, rightsUntil)) return [];
      const consensusKey = this.delegates.keyAt(address, "consensus", level)?.pkh ?? address;
      const companion = consensusKey.startsWith("tz4") && this.delegates.keyAt(address, "companion", level);
      return {
        ...{ delegate: address, consensusKey, slot, rounds: address === baker ? [0] : [] },
        ...(companion && { companionKey: companion.pkh }),
      };
    });
  }

  /** The votes in the block of a level: those for the block before, injected before this one's time. */
  attestationsIn(level: number): SignedVote[] {
    return (this.#votes.get(level - 1) ?? []).filter(({ kind }) => kind === "attestation");
  }

  /** Takes a vote. One that is too late for the next block is on no chain. */
  injectVote(bytes: Buffer): void {
    const vote = readSignedVote(bytes);
    if (vote === undefined || vote.round !== this.roundOf(vote.level) || this.head !== vote.level) return;
    if (!this.#isSigned(this.rightsAt(vote.level).find(({ slot }) => slot === vote.slot)?.delegate, vote)) return;
    const votes = this.#votes.get(vote.level) ?? [];
    if (!votes.some(({ kind, slot }) => kind === vote.kind && slot === vote.slot)) votes.push(vote);
    this.#votes.set(vote.level, votes);
    this.#forget();
  }

  /** Takes a delegate's operation about its keys. Throws what the protocol says against it. */
  injectKeys(signed: SignedKeyOperation): void {
    applyKeyOperation(signed, this.delegates, this.head);
    this.#keep?.(this.delegates.kept);
  }

  /** Takes the block of the next level. One that is too late is on no chain. */
  injectBlock(bytes: Buffer): void {
    const { level, round } = readSignedBlock(bytes);
    if (round === 0 && level === this.head + 1) this.#bakedInTime.add(level);
    this.#forget();
  }

  /** Whether a vote has a signature of the delegate's consensus key of the level, as far as that one is known. */
  #isSigned(delegate: string | undefined, vote: SignedVote): boolean {
    const key = delegate && this.delegates.keyAt(delegate, "consensus", vote.level);
    if (!key) return false;
    if (key.pk === undefined) return true;
    const bytes = voteBytes(vote.kind, { ...vote, chainId: this.chain.id }, key.pkh.startsWith("tz4"));
    return isSignature(key.pk, bytes, encodeSignature(vote.signature));
  }

  #forget(): void {
    for (const levels of [this.#votes, this.#bakedInTime])
      for (const level of levels.keys()) {
        if (level >= this.savepoint) break;
        levels.delete(level);
      }
  }
}

function isBefore(level: number, until: number | undefined): boolean {
  return until === undefined || level < until;
}
