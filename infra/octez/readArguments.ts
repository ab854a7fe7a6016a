import type { Option, Options, Program, Reader } from "./options.ts";

/** What Octez refuses in an argument. */
type Kind = "unknown" | "repeated" | "missing value" | "value of a switch";

/** An option of a list of arguments, or a word between them. */
type Part = {
  /** Its place in the list. */
  readonly index: number;
  /** As it was written, without the value. */
  readonly text: string;
  /** The option's long name. Undefined for a word and for an unknown option. */
  readonly name?: string;
  /** What the option was given. Empty for a switch. */
  readonly value?: string;
  readonly mistake?: Kind;
};

/** What Octez refuses, and how the option was written. */
export type Mistake = { readonly kind: Kind; readonly option: string };

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
  const end = stopAtWord ? firstWord(args, options, reader) : args.length;
  const parts = partsOf(args.slice(0, end), options, reader);
  const values: Record<string, string[]> = {};
  for (const { name, value } of parts)
    if (name !== undefined && value !== undefined) values[name] = [...(values[name] ?? []), value];
  return {
    values,
    words: [...parts.filter(isWord).map(({ text }) => text), ...args.slice(end)],
    mistakes: parts.flatMap(({ mistake, text }) => (mistake ? [{ kind: mistake, option: text }] : [])),
  };
}

/**
 * What is wrong with arguments that are put behind those of a command: each one's place in the list, and what Octez
 * would have there. `taken` are the long names of options that may not be among them, with the reason.
 */
export function problemsOfExtraArguments(
  args: readonly string[],
  { commands, reader }: Program,
  command: string,
  taken: Readonly<Record<string, string>> = {},
): { readonly index: number; readonly wanted: string }[] {
  return partsOf(args, commands[command] ?? {}, reader).flatMap((part) => {
    const { index, name, mistake } = part;
    const reason = name === undefined ? undefined : taken[name];
    if (reason !== undefined) return [{ index, wanted: reason }];
    if (mistake === "unknown") return [{ index, wanted: `an option of \`${command}\` of Octez 25` }];
    if (mistake) return [{ index, wanted: wanted[mistake] }];
    return isWord(part) ? [{ index, wanted: "an option, or the value of the one before" }] : [];
  });
}

/** Reads a whole command line. `command` is undefined if the words begin with none. */
export function readCommandLine(args: readonly string[], { commands, globals, reader }: Program) {
  const before = readArguments(args, globals, reader, true);
  const command = Object.keys(commands).find((name) => `${before.words.join(" ")} `.startsWith(`${name} `));
  const rest = before.words.slice(command?.split(" ").length ?? 0);
  const after = readArguments(rest, commands[command ?? ""] ?? {}, reader);
  return { before, command, after };
}

const wanted: Readonly<Record<Exclude<Kind, "unknown">, string>> = {
  repeated: "no option that is there already",
  "missing value": "its value after it",
  "value of a switch": "no value for it",
};

function firstWord(args: readonly string[], options: Options, reader: Reader): number {
  return partsOf(args, options, reader).find(isWord)?.index ?? args.length;
}

function partsOf(args: readonly string[], options: Options, reader: Reader): Part[] {
  const names = namesOf(options);
  const parts: Part[] = [];
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] ?? "";
    if (!looksLikeOption(arg)) {
      parts.push({ index, text: arg });
      continue;
    }
    const [, text = arg, joined] = (reader === "cmdliner" && /^(--[^=]+)=(.*)$/s.exec(arg)) || [];
    const name = names.get(text);
    const option = options[name ?? ""];
    if (name === undefined || !option) {
      parts.push({ index, text, mistake: "unknown" });
      continue;
    }
    // Cmdliner takes no value that looks like an option.
    const next = reader === "cmdliner" && looksLikeOption(args[index + 1]) ? undefined : args[index + 1];
    const value = option.value ? (joined ?? next) : "";
    const isAgain = !option.repeats && parts.some((part) => part.name === name);
    const mistake = mistakeIn(option, value, joined, isAgain);
    parts.push({ index, text, name, ...(value !== undefined && { value }), ...(mistake && { mistake }) });
    if (option.value && joined === undefined && next !== undefined) index++;
  }
  return parts;
}

function mistakeIn(option: Option, value: string | undefined, joined: string | undefined, isAgain: boolean) {
  if (isAgain) return "repeated";
  if (!option.value && joined !== undefined) return "value of a switch";
  return value === undefined ? "missing value" : undefined;
}

function isWord({ name, mistake }: Part): boolean {
  return name === undefined && mistake === undefined;
}

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
