/** The clean-up steps, in order of registration. They run in reverse. */
const undone: { readonly what: string; readonly work: () => unknown }[] = [];
let ending: Promise<void> | undefined;

/** Registers a clean-up step, which runs however the bench ends. */
export function onExit(what: string, work: () => unknown): void {
  undone.push({ what, work });
}

/** Runs all clean-up steps, once. A step that fails is reported, and the others still run. */
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

/** Whether the clean-up has begun. A failure after that only means that something was removed. */
export function isEnding(): boolean {
  return ending !== undefined;
}

/** Cleans up when the user or the system ends the bench by a signal. */
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
