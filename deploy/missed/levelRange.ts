import { UsageError } from "../cli/command.ts";

/** Levels, both ends included. */
export type LevelRange = { readonly from: number; readonly to: number };

/** How many levels are looked at unless the user says which: 10 minutes of mainnet. */
const standardCount = 100;

/** Reads `A..B`. Throws UsageError. */
export function parseLevels(text: string): LevelRange {
  const [, from, to] = /^(\d{1,10})\.\.(\d{1,10})$/.exec(text) ?? [];
  if (from === undefined || to === undefined || Number(from) > Number(to)) {
    throw new UsageError(`--levels: found ${JSON.stringify(text)}, wanted A..B, such as 4711..4720`);
  }
  return { from: Number(from), to: Number(to) };
}

/**
 * The levels to look at: those that the user has named, or the last 100 that a node can answer about. Throws an Error
 * if it can't answer about all that were named, or about none.
 */
export function chooseLevels(wanted: LevelRange | undefined, known: LevelRange): LevelRange {
  if (wanted === undefined) {
    if (known.from > known.to)
      throw new Error(
        `levels: found a node that knows too few of them, wanted ${known.from} at least; it has just started`,
      );
    return { from: Math.max(known.from, known.to - standardCount + 1), to: known.to };
  }
  if (wanted.from < known.from || wanted.to > known.to) {
    throw new Error(
      `--levels: found ${wanted.from}..${wanted.to}, wanted levels within ${known.from}..${known.to}: the node keeps no older ones, and later ones are not final yet`,
    );
  }
  return wanted;
}
