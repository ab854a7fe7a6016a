import { existsSync } from "node:fs";
import { relative, resolve } from "node:path";
import { type ParseArgsConfig, parseArgs } from "node:util";
import { show } from "../../infra/config/configError.ts";
import { root } from "../../local/machine/checkout.ts";

/** A usage error on the command line. The command exits with code 2 and points to --help. */
export class UsageError extends Error {}

/** A command's parsed options. */
export type Options = {
  /** The stack, `dev` unless given. */
  readonly stack: string;
  /** Its config file, relative to the checkout: `Pulumi.<stack>.yaml` unless given. */
  readonly configFile: string;
  /** A context of the user's kubeconfig that replaces the config's cluster. */
  readonly context?: string;
  /** Whether the switch with that name was given. */
  has(name: string): boolean;
  /** The value of the command's own option with that name, if it was given. */
  value(name: string): string | undefined;
  /** The command's words, one for each name in `words`. */
  readonly words: readonly string[];
  /** What follows `--`, if the command takes it. */
  readonly rest: readonly string[];
};

/** A command's help text, and what it takes besides the common options. */
export type Command = {
  readonly help: string;
  readonly switches?: readonly string[];
  /** Options with a value. */
  readonly valued?: readonly string[];
  /** The names of the words that it requires, in their order, such as `SIGNER`. */
  readonly words?: readonly string[];
  /** Whether it takes further words after `--`, for another program. */
  readonly takesRest?: boolean;
  /** Whether the stack's config may be missing. */
  readonly newStack?: boolean;
};

/** Prints one line of progress on stderr. */
export function progress(line: string): void {
  process.stderr.write(`${line}\n`);
}

/**
 * Runs a command: `--help`, options, exit codes (0 done, 1 failed, 2 usage error). `main` may return another exit code
 * than 0.
 */
export async function runCommand(
  command: Command,
  main: (options: Options) => Promise<void> | Promise<number>,
): Promise<void> {
  try {
    const options = parse(command, process.argv.slice(2));
    if (options === "help") {
      process.stdout.write(`${command.help.trim()}\n`);
      return;
    }
    process.chdir(root);
    process.exitCode = (await main(options)) ?? 0;
  } catch (error) {
    const usage = error instanceof UsageError;
    process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
    if (usage) process.stderr.write("see --help\n");
    process.exitCode = usage ? 2 : 1;
  }
}

/** A path that the user gave, relative to the user's folder. npm runs scripts in the checkout. */
export function userPath(path: string): string {
  return resolve(process.env.INIT_CWD ?? process.cwd(), path);
}

/** Parses a command's arguments. Returns "help" if they ask for it. Throws UsageError. */
export function parse(command: Command, words: string[]): Options | "help" {
  const options: NonNullable<ParseArgsConfig["options"]> = {
    help: { type: "boolean", short: "h" },
    stack: { type: "string", short: "s" },
    "config-file": { type: "string" },
    context: { type: "string" },
    ...Object.fromEntries((command.switches ?? []).map((name) => [name, { type: "boolean" }])),
    ...Object.fromEntries((command.valued ?? []).map((name) => [name, { type: "string" }])),
  };
  const end = command.takesRest && words.includes("--") ? words.indexOf("--") : words.length;
  const allowPositionals = command.words !== undefined;
  let values: Record<string, unknown>;
  let positionals: string[];
  try {
    ({ values, positionals } = parseArgs({ args: words.slice(0, end), options, strict: true, allowPositionals }));
  } catch (error) {
    throw new UsageError(withoutKeys((error as Error).message));
  }
  if (values.help) return "help";
  const wanted = command.words ?? [];
  if (positionals.length !== wanted.length) {
    const found = positionals.map(show).join(" ") || "no word";
    throw new UsageError(`arguments: found ${found}, wanted ${wanted.join(" ")}`);
  }
  const stack = String(values.stack ?? "dev");
  const given = values["config-file"];
  const configFile = given ? relative(root, userPath(String(given))) : `Pulumi.${stack}.yaml`;
  if (!command.newStack && !existsSync(resolve(root, configFile))) {
    throw new UsageError(`--stack ${stack}: found no file ${configFile}, wanted the stack's config`);
  }
  return {
    stack,
    configFile,
    ...(values.context !== undefined && { context: String(values.context) }),
    has: (name) => values[name] === true,
    value: (name) => (values[name] === undefined ? undefined : String(values[name])),
    words: positionals,
    rest: words.slice(end + 1),
  };
}

/** A message of parseArgs without the word that it quotes, if that word could be a key. */
function withoutKeys(message: string): string {
  return message.replace(/'(.*)'/s, (quoted, word: string) =>
    show(word) === JSON.stringify(word) ? quoted : show(word),
  );
}

/** The help text for the common options. */
export const commonOptions = `  --stack NAME          the stack, dev unless given
  --config-file FILE    its config, Pulumi.NAME.yaml unless given
  --context NAME        use this context of your kubeconfig instead of the config's cluster; no cluster is created then
  --help                this text`;

/** The end of the help text of a command with the usual exit codes. */
export const commonHelp = `${commonOptions}

Exit codes: 0 done, 1 failed, 2 usage error. Progress goes to stderr.`;
