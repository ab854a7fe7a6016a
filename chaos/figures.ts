import { type Signature, type SignedTwice, signedTwice } from "./detector.ts";

/** One request for a signature, with all its tries. Times are in milliseconds since 1970. */
export type Ask = {
  readonly key: string;
  readonly kind: string;
  readonly level: number;
  readonly start: number;
  readonly end: number;
  /** Why it was lost: nothing that octez-baker repeats gave a signature. Undefined with a signature. */
  readonly cause?: string;
};

/** A fault as it was. Times are in milliseconds since 1970. */
export type Fault = {
  readonly kind: string;
  readonly target: string;
  readonly begin: number;
  readonly end: number;
  /** The kind of the fault that was at the same time. */
  readonly joined?: string;
  readonly note?: string;
};

/** All that a run writes down. */
export type Events = {
  readonly began: number;
  readonly ended: number;
  /** From the begin of one level to the begin of the next. Level n begins n times that after 1970. */
  readonly levelMs: number;
  readonly keys: readonly string[];
  readonly asks: readonly Ask[];
  /** In the order of their begin. */
  readonly faults: readonly Fault[];
  readonly signatures: readonly Signature[];
  /** What the devices have refused, a line each. */
  readonly refusals: readonly string[];
};

/** What was lost in a span of time. */
export type Cost = {
  /** The longest time in ms from a request to the next signature of its key. */
  readonly gapMs: number;
  /** The key of that gap; an empty text without a request. */
  readonly gapKey: string;
  /** The requests that never had a signature. */
  readonly lost: number;
  /** Why, each cause once. */
  readonly causes: readonly string[];
  /** The levels that a key has no attestation for. */
  readonly missed: number;
  /** The slowest request that has a signature, in ms. */
  readonly slowestMs: number;
};

export type FaultFigures = Fault & Cost;

/** What all faults of a kind have cost that came alone. */
export type KindFigures = {
  readonly kind: string;
  readonly times: number;
  /** Of the gaps of those faults in which a key was asked for. */
  readonly medianGapMs: number;
  readonly worstGapMs: number;
  readonly lost: number;
  readonly missed: number;
};

export type Figures = {
  readonly seconds: number;
  readonly asked: number;
  readonly signed: number;
  /** Before the first fault. */
  readonly quiet: Cost;
  readonly faults: readonly FaultFigures[];
  readonly kinds: readonly KindFigures[];
  readonly whole: Cost;
  readonly twice: SignedTwice;
  /** What the gateway or a device has refused, each text once. Nobody asks for what may not be signed. */
  readonly refused: readonly string[];
  /** What a device has refused because it had signed it before, each text once: a copy that came late. */
  readonly late: readonly string[];
};

/**
 * Folds a run's events into its figures. A fault answers for all from its begin to the begin of the next, which also
 * has the requests that are under way then, if they have just begun.
 */
export function figuresOf(events: Events): Figures {
  const { asks, began, ended, faults, refusals, signatures } = events;
  const last = ended + 1;
  const next = (begin: number): number => Math.min(...faults.filter((fault) => fault.begin > begin).map(beginOf), last);
  // Two at once begin within some milliseconds of each other, and answer for the same span.
  const costs = faults.map((fault) => {
    const together = faults.filter((other) => other === fault || isPairOf(fault, other)).map(beginOf);
    return { ...fault, ...costOf(events, Math.min(...together), next(Math.max(...together))) };
  });
  const isLate = lateIn(signatures);
  return {
    seconds: Math.round((ended - began) / 1000),
    asked: asks.length,
    signed: asks.filter(({ cause }) => cause === undefined).length,
    quiet: costOf(events, began, Math.min(...faults.map(beginOf), last)),
    faults: costs,
    kinds: kindsOf(costs),
    whole: costOf(events, began, last),
    twice: signedTwice(signatures),
    refused: [...new Set([...asks.flatMap(refusalOf), ...refusals.filter((text) => !isLate(text))])],
    late: [...new Set(refusals.filter(isLate))],
  };
}

/**
 * Tells which refusals are of what the device had signed. A refusal does not name its key, so the device must have signed
 * that kind and level with each of its keys.
 */
function lateIn(signatures: readonly Signature[]): (refusal: string) => boolean {
  const keysOf = new Map<string, Set<string>>();
  const add = (what: string, key: string): void => void keysOf.set(what, (keysOf.get(what) ?? new Set()).add(key));
  for (const { address, device, kind, level } of signatures) {
    add(device, address);
    add(`${device}: ${kind} level ${level}`, address);
  }
  return (refusal) => {
    const [device = ""] = refusal.split(": ");
    const all = keysOf.get(device)?.size;
    return all !== undefined && keysOf.get(refusal.replace(/ below high watermark \d+$/, ""))?.size === all;
  };
}

function kindsOf(faults: readonly FaultFigures[]): KindFigures[] {
  const alone = faults.filter(({ joined }) => joined === undefined);
  return [...new Set(alone.map(({ kind }) => kind))].sort().map((kind) => {
    const ofKind = alone.filter((fault) => fault.kind === kind);
    const gaps = ofKind.filter(({ gapKey }) => gapKey !== "").map(({ gapMs }) => gapMs);
    const sum = (what: "lost" | "missed"): number => ofKind.reduce((all, fault) => all + fault[what], 0);
    return {
      ...{ kind, times: ofKind.length, lost: sum("lost"), missed: sum("missed") },
      ...{ medianGapMs: median(gaps), worstGapMs: Math.max(0, ...gaps) },
    };
  });
}

/** The middle one, or the lower one of the two in the middle; 0 of none. */
function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}

/** The guard's word for a request, as the gateway answers it. */
function refusalOf({ cause, key, kind, level }: Ask): string[] {
  return cause?.includes("HTTP 403") ? [`${kind} of level ${level} of ${key}: ${cause}`] : [];
}

const beginOf = ({ begin }: Fault): number => begin;

/** How far the begins of two faults at once are apart at most, in ms. */
const togetherMs = 1000;

/** Whether a fault began together with another one. */
export function isPairOf(fault: Fault, other: Fault): boolean {
  return fault.joined === other.kind && Math.abs(fault.begin - other.begin) <= togetherMs;
}

/** A request that began so little before a fault, and was under way when that began, is the fault's, in ms. */
const justBeforeMs = 1000;

/** The cost of the requests that were under way or came in a span of time, except for those that are the next one's. */
function costOf({ asks, ended, keys, levelMs }: Events, from: number, to: number): Cost {
  const isNext = ({ start, end }: Ask): boolean => end >= to && to - start < justBeforeMs;
  const within = asks.filter((ask) => ask.start < to && ask.end >= from && !isNext(ask));
  const lost = within.filter(({ cause }) => cause !== undefined);
  let [gapMs, gapKey] = [0, ""];
  for (const key of keys) {
    const ofKey = (ask: Ask): boolean => ask.key === key;
    const ending = asks.filter((ask) => ofKey(ask) && ask.end >= from);
    for (const [start, next] of waitsOf(within.filter(ofKey), ending, ended))
      if (next - start >= gapMs) [gapMs, gapKey] = [next - start, key];
  }
  const signed = within.filter(({ cause }) => cause === undefined);
  return {
    gapMs: Math.round(gapMs),
    gapKey,
    lost: lost.length,
    causes: [...new Set(lost.map(({ cause }) => cause as string))],
    missed: missedLevels(asks, keys, Math.floor(from / levelMs), Math.floor(Math.min(to, ended) / levelMs)),
    slowestMs: Math.round(Math.max(0, ...signed.map(({ start, end }) => end - start))),
  };
}

/**
 * The time of each of a key's requests, in their order, and that of the first signature from then on, among the requests
 * that may have one. Without one that is the run's end.
 */
export function waitsOf(
  asks: readonly Ask[],
  ending: readonly Ask[],
  ended: number,
): [start: number, signature: number][] {
  const signed = ending.filter(({ cause }) => cause === undefined);
  const ends = signed.map(({ end }) => end).sort((a, b) => a - b);
  let next = 0;
  const starts = asks.map(({ start }) => start).sort((a, b) => a - b);
  return starts.map((start) => {
    while (next < ends.length && (ends[next] as number) < start) next++;
    return [start, ends[next] ?? ended];
  });
}

/**
 * How many of some levels a key has no attestation for. Levels of before the first request do not count. A level in which
 * a fault begins is that fault's, because the one before it had time to be over.
 */
function missedLevels(asks: readonly Ask[], keys: readonly string[], from: number, before: number): number {
  const votes = asks.filter(({ kind }) => kind === "attestation");
  const first = votes.reduce((least, { level }) => Math.min(least, level), Number.POSITIVE_INFINITY);
  const has = new Set(votes.filter(({ cause }) => cause === undefined).map(({ key, level }) => `${key} ${level}`));
  let missed = 0;
  for (let level = Math.max(from, first); level < before; level++)
    if (keys.some((key) => !has.has(`${key} ${level}`))) missed++;
  return missed;
}
