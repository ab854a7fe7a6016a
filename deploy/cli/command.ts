import { existsSync } from "node:fs";
import { relative, resolve } from "node:path";
import { type ParseArgsConfig, parseArgs } from "node:util";
import { show } from "../../infra/config/configError.ts";
import { root } from "../../local/machine/checkout.ts";

/** A mistake in the words of a command: exit code 2, with a hint at --help. */
export class UsageError extends Error {}

/** What a command was asked for. */
export type Options = {
  /** The stack, `dev` unless given. */
  readonly stack: string;
  /** Its config file, relative to the checkout: `Pulumi.<stack>.yaml` unless given. */
  readonly configFile: string;
  /** A context of the user's kubeconfig that takes the place of the config's cluster. */
  readonly context?: string;
  /** Whether a switch of that name was given. */
  has(name: string): boolean;
};

/** What a command says of itself, and which switches it has next to the common options. */
export type Command = {
  readonly help: string;
  readonly switches?: readonly string[];
  /** Whether the stack's config need not be there yet. */
  readonly newStack?: boolean;
};

/** One line of progress, on stderr. */
export function progress(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Runs a command: `--help`, options, exit codes (0 done, 1 failed, 2 asked wrongly). */
export async function runCommand(command: Command, main: (options: Options) => Promise<void>): Promise<void> {
  try {
    const options = parse(command, process.argv.slice(2));
    if (options === "help") {
      process.stdout.write(`${command.help.trim()}\n`);
      return;
    }
    process.chdir(root);
    await main(options);
    process.exitCode = 0;
  } catch (error) {
    const usage = error instanceof UsageError;
    process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
    if (usage) process.stderr.write("see --help\n");
    process.exitCode = usage ? 2 : 1;
  }
}

/** Reads a command's words; "help" if that was asked for. Throws UsageError. */
export function parse(command: Command, words: string[]): Options | "help" {
  const options: NonNullable<ParseArgsConfig["options"]> = {
    help: { type: "boolean", short: "h" },
    stack: { type: "string", short: "s" },
    "config-file": { type: "string" },
    context: { type: "string" },
    ...Object.fromEntries((command.switches ?? []).map((name) => [name, { type: "boolean" }])),
  };
  let values: Record<string, unknown>;
  try {
    ({ values } = parseArgs({ args: words, options, strict: true, allowPositionals: false }));
  } catch (error) {
    throw new UsageError(withoutKeys((error as Error).message));
  }
  if (values.help) return "help";
  const stack = String(values.stack ?? "dev");
  const given = values["config-file"];
  // npm runs scripts in the checkout; a path is meant from where the user is.
  const configFile = given
    ? relative(root, resolve(process.env.INIT_CWD ?? process.cwd(), String(given)))
    : `Pulumi.${stack}.yaml`;
  if (!command.newStack && !existsSync(resolve(root, configFile))) {
    throw new UsageError(`--stack ${stack}: found no file ${configFile}, wanted the stack's config`);
  }
  return {
    stack,
    configFile,
    ...(values.context !== undefined && { context: String(values.context) }),
    has: (name) => values[name] === true,
  };
}

/** A message of parseArgs, which quotes a word: somebody may have given a key as one. */
function withoutKeys(message: string): string {
  return message.replace(/'(.*)'/s, (quoted, word: string) =>
    show(word) === JSON.stringify(word) ? quoted : show(word),
  );
}

/** The lines on common options in every command's help. */
export const commonHelp = `  --stack NAME          the stack, dev unless given
  --config-file FILE    its config, Pulumi.NAME.yaml unless given
  --context NAME        use this context of your kubeconfig instead of the config's cluster; none is made then
  --help                this text

Exit codes: 0 done, 1 failed, 2 asked wrongly. Progress goes to stderr.`;
