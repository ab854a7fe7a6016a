import type { Options, Program, Reader } from "./options.ts";

/** What Octez refuses in an argument, and how the option was written. */
export type Mistake = {
  readonly kind: "unknown" | "repeated" | "missing value" | "value of a switch";
  readonly option: string;
};

/** The options of a list of arguments by their long names, with their values; the words between them; what is wrong. */
export type Arguments = {
  readonly values: Readonly<Record<string, readonly string[]>>;
  readonly words: readonly string[];
  readonly mistakes: readonly Mistake[];
};

/**
 * Reads arguments as Octez does. Options in front of a command end at the first word: with `stopAtWord`, that and all
 * that follows are the words. Octez also takes a part of a long name of the node's options, which is not one here.
 */
export function readArguments(
  args: readonly string[],
  options: Options,
  reader: Reader,
  stopAtWord = false,
): Arguments {
  const names = namesOf(options);
  const values: Record<string, string[]> = {};
  const words: string[] = [];
  const mistakes: Mistake[] = [];
  const queue = [...args];
  for (let arg = queue.shift(); arg !== undefined; arg = queue.shift()) {
    if (!looksLikeOption(arg)) {
      words.push(arg);
      if (stopAtWord) words.push(...queue.splice(0));
      continue;
    }
    const [, option = arg, joined] = (reader === "cmdliner" && /^(--[^=]+)=(.*)$/s.exec(arg)) || [];
    const name = names.get(option);
    if (name === undefined) {
      mistakes.push({ kind: "unknown", option });
      continue;
    }
    const { repeats, value: takesValue } = options[name] ?? {};
    const given = values[name] ?? [];
    if (given.length > 0 && !repeats) mistakes.push({ kind: "repeated", option });
    if (!takesValue && joined !== undefined) mistakes.push({ kind: "value of a switch", option });
    // Cmdliner takes no value that looks like an option.
    const isNext = joined === undefined && queue.length > 0 && !(reader === "cmdliner" && looksLikeOption(queue[0]));
    const value = takesValue ? (joined ?? (isNext ? queue.shift() : undefined)) : "";
    if (value === undefined) mistakes.push({ kind: "missing value", option });
    else values[name] = [...given, value];
  }
  return { values, words, mistakes };
}

/**
 * What is wrong with arguments that are put behind those of a command, one text for each mistake, or nothing. `taken`
 * are the long names of the options that the command has already: one that does not repeat can't be given again.
 */
export function problemsOfExtraArguments(
  args: readonly string[],
  { commands, reader }: Program,
  command: string,
  taken: readonly string[] = [],
): string[] {
  const options = commands[command] ?? {};
  const { values, words, mistakes } = readArguments(args, options, reader);
  const again = Object.keys(values).filter((name) => taken.includes(name) && !options[name]?.repeats);
  return [
    ...mistakes.map(({ kind, option }) => `${option}: ${textOf[kind]}`),
    ...again.map((name) => `${dashed(name)}: it is given already`),
    ...words.map((word) => `${word}: it belongs to no option`),
  ];
}

/** Reads a whole command line. `command` is undefined if the words begin with none. */
export function readCommandLine(args: readonly string[], { commands, globals, reader }: Program) {
  const before = readArguments(args, globals, reader, true);
  const command = Object.keys(commands).find((name) => `${before.words.join(" ")} `.startsWith(`${name} `));
  const rest = before.words.slice(command?.split(" ").length ?? 0);
  const after = readArguments(rest, commands[command ?? ""] ?? {}, reader);
  return { before, command, after };
}

const textOf: Readonly<Record<Mistake["kind"], string>> = {
  unknown: "Octez has no such option here",
  repeated: "it is given twice",
  "missing value": "its value is missing",
  "value of a switch": "it takes no value",
};

/** What is written to what is meant. */
function namesOf(options: Options): Map<string, string> {
  return new Map(
    Object.entries(options).flatMap(([name, { short, aliases = [] }]) => [
      ...[name, ...aliases].map((each): [string, string] => [dashed(each), name]),
      ...(short === undefined ? [] : [[dashed(short), name] as [string, string]]),
    ]),
  );
}

function dashed(name: string): string {
  return name.length === 1 ? `-${name}` : `--${name}`;
}

function looksLikeOption(text: string | undefined): boolean {
  return text !== undefined && text.length > 1 && text.startsWith("-");
}
