/**
 * `since` is the time when an end was requested, at which the clock starts. `gone` is when it was complete.
 * A signature after `gone` comes from the replacement.
 */
export type Ended = { readonly since: number; readonly gone: number };

/** Ends something, notes the times, and starts its replacement. */
export async function ended(end: () => Promise<void>, back: () => unknown = () => {}): Promise<Ended> {
  const since = Date.now();
  await end();
  const gone = Date.now();
  await back();
  return { since, gone };
}
