import {
  type Header,
  type Rights,
  readAttested,
  readHeader,
  readRoundTimes,
  readSavepoint,
  readValidators,
} from "./nodeAnswers.ts";

/** What the chain says about one level. */
export type LevelFacts = {
  readonly level: number;
  /** The time of its block, in Unix milliseconds: when the block's round began. */
  readonly timeMs: number;
  /** The time of the next block, which has this level's attestations. */
  readonly nextMs: number;
  /** The round of its block. */
  readonly round: number;
  readonly rights: readonly Rights[];
  /** The slots whose attestations are in the next block. */
  readonly attested: ReadonlySet<number>;
  /** When each round up to the block's began. Empty if the block is of round 0. */
  readonly roundTimes: ReadonlyMap<number, number>;
};

/** Answers an RPC path of a node with the JSON of its answer. Throws unless the status is 200. */
export type Get = (path: string) => Promise<unknown>;

/** A node draws the owners of 7000 slots for each level that it is asked the rights of, so it is not asked for many. */
const levelsPerQuestion = 10;

/** Reads what a node knows about levels. */
export class ChainReader {
  readonly #get: Get;
  readonly #keys: readonly string[];

  /** `keys` are the addresses whose rights count. */
  constructor(get: Get, keys: readonly string[]) {
    this.#get = get;
    this.#keys = keys;
  }

  /** The levels that can be judged: those whose next block is final, and whose block before is still there. */
  async known(): Promise<{ from: number; to: number }> {
    const [head, savepoint] = await Promise.all([this.#header("head"), this.#get("/chains/main/levels/savepoint")]);
    // A block is final once there are two more above it.
    return { from: readSavepoint(savepoint) + 1, to: head.level - 3 };
  }

  /** The facts of levels, in their order. */
  async facts(from: number, to: number, onProgress: (level: number) => void): Promise<LevelFacts[]> {
    const facts: LevelFacts[] = [];
    let header = await this.#header(from);
    for (let first = from; first <= to; first += levelsPerQuestion) {
      onProgress(first);
      const last = Math.min(to, first + levelsPerQuestion - 1);
      const levels = Array.from({ length: last - first + 1 }, (_, index) => first + index);
      const [rights, nexts] = await Promise.all([
        this.#rights(levels),
        Promise.all(levels.map((level) => this.#next(level))),
      ]);
      for (const { next, attested } of nexts) {
        const { level, round, timeMs } = header;
        const roundTimes = round > 0 ? await this.#roundTimes(level, round) : new Map<number, number>();
        facts.push({
          level,
          timeMs,
          nextMs: next.timeMs,
          round,
          rights: rights.get(level) ?? [],
          attested,
          roundTimes,
        });
        header = next;
      }
    }
    return facts;
  }

  async #header(block: number | "head"): Promise<Header> {
    return readHeader(await this.#get(`/chains/main/blocks/${block}/header`));
  }

  /** The block after a level, and the slots whose attestations of the level it has. */
  async #next(level: number): Promise<{ next: Header; attested: ReadonlySet<number> }> {
    const block = level + 1;
    const operations = this.#get(`/chains/main/blocks/${block}/operations/0?metadata=never`);
    const [next, answer] = await Promise.all([this.#header(block), operations]);
    return { next, attested: readAttested(answer, level) };
  }

  /** The rights at levels, as the last of them knows them. */
  async #rights(levels: readonly number[]): Promise<ReadonlyMap<number, readonly Rights[]>> {
    const query = [...levels.map((level) => `level=${level}`), ...this.#keys.map((key) => `consensus_key=${key}`)];
    return readValidators(
      await this.#get(`/chains/main/blocks/${levels.at(-1)}/helpers/validators?${query.join("&")}`),
    );
  }

  /** When the rounds of a level began. Only the block before knows. */
  async #roundTimes(level: number, round: number): Promise<ReadonlyMap<number, number>> {
    const query = `level=${level}&max_round=${round}&all=true`;
    return readRoundTimes(await this.#get(`/chains/main/blocks/${level - 1}/helpers/baking_rights?${query}`));
  }
}
