/** The median: the middle number, or the mean of the two middle ones. NaN if there are no numbers. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** A number rounded to four significant digits, for results that people read. */
export function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
