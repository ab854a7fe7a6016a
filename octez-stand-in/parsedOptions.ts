import type { Options, Reader } from "../infra/octez/options.ts";
import { type Mistake, readArguments } from "../infra/octez/readArguments.ts";
import { Refusal } from "./octezError.ts";

/** Returns the problem with an option's value, or undefined. */
export type Check = (value: string) => string | undefined;
/** The checks of values, by the long names of their options. */
export type Checks = Readonly<Record<string, Check>>;
export type Parsed = { readonly values: Readonly<Record<string, readonly string[]>>; readonly rest: readonly string[] };

type Messages = Readonly<Record<Mistake["kind"], (option: string) => string>> & {
  readonly badValue: (option: string, value: string, problem: string) => string;
};

/** How each family of programs says what is wrong, and its exit code. */
const styles: Readonly<Record<Reader, { readonly exitCode: number; readonly messages: Messages }>> = {
  clic: {
    exitCode: 1,
    messages: {
      unknown: (option) => `Unexpected command line option ${option}.`,
      "missing value": (option) => `Command line option ${option} expects an argument.`,
      "value of a switch": (option) => `Unexpected command line option ${option}.`,
      repeated: (option) => `Command line option ${option} appears multiple times.`,
      badValue: (option, _value, problem) => `Wrong value for command line option ${option}.\n  ${problem}`,
    },
  },
  cmdliner: {
    exitCode: 124,
    messages: {
      unknown: (option) => `unknown option '${option}'.`,
      "missing value": (option) => `option '${option}' needs an argument`,
      "value of a switch": (option) => `option '${option}': it takes no value`,
      repeated: (option) => `option '${option}' cannot be repeated`,
      badValue: (option, value, problem) => `option '${option}': invalid value '${value}', ${problem}`,
    },
  },
};

/** Splits a command line into options and words. Refuses anything that the options and the checks do not allow. */
export function parseOptions(
  args: readonly string[],
  options: Options,
  checks: Checks,
  reader: Reader,
  stopAtWord = false,
): Parsed {
  const { exitCode, messages } = styles[reader];
  const { values, words, mistakes } = readArguments(args, options, reader, stopAtWord);
  const [mistake] = mistakes;
  if (mistake) throw new Refusal(messages[mistake.kind](mistake.option), exitCode);
  for (const [name, given] of Object.entries(values))
    for (const value of given) {
      const problem = checks[name]?.(value);
      if (problem !== undefined) throw new Refusal(messages.badValue(`--${name}`, value, problem), exitCode);
    }
  return { values, rest: words };
}
