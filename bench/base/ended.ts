/** When something was ended (the clock starts) and when it was gone: what works after that is what came instead. */
export type Ended = { readonly since: number; readonly gone: number };

/** Ends something, notes when, and has it come back. */
export async function ended(end: () => Promise<void>, back: () => unknown = () => {}): Promise<Ended> {
  const since = Date.now();
  await end();
  const gone = Date.now();
  await back();
  return { since, gone };
}
