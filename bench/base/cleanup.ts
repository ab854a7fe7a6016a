/** What must be undone, the latest first. */
const undone: { readonly what: string; readonly work: () => unknown }[] = [];
let ending: Promise<void> | undefined;

/** Has something undone when the bench ends, however it does. */
export function onExit(what: string, work: () => unknown): void {
  undone.push({ what, work });
}

/** Undoes everything, once; what can't be undone is said and keeps nothing else from it. */
export function cleanUp(): Promise<void> {
  ending ??= (async () => {
    for (let next = undone.pop(); next; next = undone.pop()) {
      const { what, work } = next;
      try {
        await work();
      } catch (error) {
        console.error(`${what}: ${(error as Error).message}`);
      }
    }
  })();
  return ending;
}

/** Whether everything is being undone: what fails from then on fails for want of what was removed. */
export function isEnding(): boolean {
  return ending !== undefined;
}

/** Undoes everything when the user or the system ends us. */
export function cleanUpAtSignals(): void {
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const) {
    process.on(signal, () => {
      console.error("ending: everything is stopped and removed");
      cleanUp().then(() => process.exit(code));
    });
  }
}
