/** The reason why a program stops: one message, as Octez prints it, and the exit code. */
export class Refusal extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Runs a program. A refusal goes to stderr and sets the exit code. SIGTERM and SIGINT end it, even as process 1. */
export async function runProgram(name: string, program: (args: readonly string[]) => Promise<void>): Promise<void> {
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => process.exit(0));
  try {
    await program(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    console.error(`${name}: ${error.message}`);
    // Whatever else it had begun.
    process.exit(error.exitCode);
  }
}
