const units = [
  ["d", 86_400],
  ["h", 3600],
  ["min", 60],
] as const;

/** A duration in seconds for people, to two units: `12 s`, `3 min 5 s`, `2 d 4 h`. */
export function durationText(seconds: number): string {
  let rest = Math.max(0, Math.round(seconds));
  const parts = units.flatMap(([unit, size]) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return count > 0 ? [`${count} ${unit}`] : [];
  });
  if (rest > 0 || parts.length === 0) parts.push(`${rest} s`);
  return parts.slice(0, 2).join(" ");
}

/** Seconds below ten as milliseconds, for people: `0.8 ms`, `214 ms`, `12 s`. */
export function shortText(seconds: number): string {
  if (seconds >= 10) return `${Math.round(seconds)} s`;
  const milliseconds = seconds * 1000;
  return `${milliseconds < 10 ? milliseconds.toFixed(1) : Math.round(milliseconds)} ms`;
}
