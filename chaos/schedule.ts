/** What the schedule needs of a kind of fault. All times are in seconds. */
export type Schedulable = {
  readonly name: string;
  /** What it can be done to. Each time one of them is drawn. */
  readonly targets: readonly string[];
  /** The shortest and the longest time from its begin to its end. */
  readonly seconds: readonly [shortest: number, longest: number];
  /** How long nothing else happens after it. */
  readonly recovery: number;
  /** Whether it may come together with another one. */
  readonly mayJoin: boolean;
  /** Two with the same one never come together: the other one would find nothing to be done to. */
  readonly group?: string | undefined;
};

/** One fault of a schedule. */
export type PlannedFault = { readonly kind: string; readonly target: string; readonly seconds: number };

/** A moment at which one fault begins, or two at once. `at` is in seconds after the first signature. */
export type Moment = { readonly at: number; readonly faults: readonly PlannedFault[]; readonly recovery: number };

/** How long nothing happens at first. A figure without a fault is one to compare with. */
const quietSeconds = 10;
/** Each so many moments have two faults. */
const pairEvery = 5;

/**
 * Draws a schedule. The same seed, length and kinds make the same faults at the same times. Every kind comes once before
 * any comes again, so that a short run has as many of them as fit. A fault whose recovery would not end in time is left
 * out, as is everything after it.
 */
export function scheduleOf(seed: number, seconds: number, kinds: readonly Schedulable[]): Moment[] {
  const random = seededRandom(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const moments: Moment[] = [];
  let waiting: Schedulable[] = [];
  const next = (fits: (kind: Schedulable) => boolean = () => true): Schedulable | undefined => {
    if (!waiting.some(fits)) waiting = [...waiting, ...shuffled(kinds, random)];
    const index = waiting.findIndex(fits);
    return index < 0 ? undefined : waiting.splice(index, 1)[0];
  };
  for (let at = quietSeconds; ; ) {
    const first = next();
    if (!first) return moments;
    const second =
      (moments.length + 1) % pairEvery === 0 && first.mayJoin ? next((other) => mayJoinOther(first, other)) : undefined;
    const chosen = second ? [first, second] : [first];
    const faults = chosen.map(({ name, targets, seconds: [shortest, longest] }) => {
      const length = Math.round((shortest + random() * (longest - shortest)) * 10) / 10;
      return { kind: name, target: pick(targets), seconds: length };
    });
    const recovery = Math.max(...chosen.map((kind) => kind.recovery));
    const end = at + Math.max(...faults.map((fault) => fault.seconds)) + recovery;
    if (end > seconds) return moments;
    moments.push({ at: Math.round(at * 10) / 10, faults, recovery });
    at = end;
  }
}

function mayJoinOther(first: Schedulable, other: Schedulable): boolean {
  const isApart = first.group === undefined || first.group !== other.group;
  return other.mayJoin && other.name !== first.name && isApart;
}

function shuffled<T>(list: readonly T[], random: () => number): T[] {
  const all = [...list];
  for (let last = all.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [all[last], all[other]] = [all[other] as T, all[last] as T];
  }
  return all;
}

/** Numbers from 0 to 1 that look random, the same ones for the same seed (mulberry32 by Tommy Ettinger). */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
