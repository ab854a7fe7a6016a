/** The middle one of some numbers; of two middle ones, their mean. NaN of none. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** A number with so many digits after the point as tell something, for results that people read. */
export function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
