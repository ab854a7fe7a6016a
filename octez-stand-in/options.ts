import { Refusal } from "./octezError.ts";

/** Returns the problem with an option's value, or undefined. */
export type Check = (value: string) => string | undefined;
/** An option by its long name: a switch, or one that takes a value. */
type Option = { readonly short?: string; readonly repeats?: true; readonly value?: Check | true };
export type Options = Readonly<Record<string, Option>>;
export type Parsed = { readonly values: Readonly<Record<string, readonly string[]>>; readonly rest: readonly string[] };

/** How a program family reads its command line. */
type Style = {
  /** `--option=value` is read like `--option value`. */
  readonly equals: boolean;
  /** Reading stops at the first word that is not an option. */
  readonly stopAtWord: boolean;
  readonly messages: {
    unknown(option: string): string;
    missingValue(option: string): string;
    repeated(option: string): string;
    badValue(option: string, value: string, problem: string): string;
  };
  readonly exitCode: number;
};

/** octez-client, octez-baker, octez-accuser: global options before the command, the command's own after it. */
export const clientStyle: Style = {
  equals: false,
  stopAtWord: false,
  exitCode: 1,
  messages: {
    unknown: (option) => `Unexpected command line option ${option}.`,
    missingValue: (option) => `Command line option ${option} expects an argument.`,
    repeated: (option) => `Command line option ${option} appears multiple times.`,
    badValue: (option, _value, problem) => `Wrong value for command line option ${option}.\n  ${problem}`,
  },
};
export const clientGlobalStyle: Style = { ...clientStyle, stopAtWord: true };

/** octez-node: options anywhere after the subcommand. */
export const nodeStyle: Style = {
  equals: true,
  stopAtWord: false,
  exitCode: 124,
  messages: {
    unknown: (option) => `unknown option '${option}'.`,
    missingValue: (option) => `option '${option}' needs an argument`,
    repeated: (option) => `option '${option}' cannot be repeated`,
    badValue: (option, value, problem) => `option '${option}': invalid value '${value}', ${problem}`,
  },
};

/** Splits a command line into options and words. Refuses anything that the options do not allow. */
export function parseOptions(args: readonly string[], options: Options, style: Style): Parsed {
  const names = new Map<string, string>();
  for (const [name, { short }] of Object.entries(options)) {
    names.set(`--${name}`, name);
    if (short) names.set(`-${short}`, name);
  }
  const refuse = (message: string): never => {
    throw new Refusal(message, style.exitCode);
  };
  const values: Record<string, string[]> = {};
  const rest: string[] = [];
  const queue = [...args];
  for (let arg = queue.shift(); arg !== undefined; arg = queue.shift()) {
    if (!/^-./.test(arg)) {
      if (style.stopAtWord) return { values, rest: [arg, ...queue] };
      rest.push(arg);
      continue;
    }
    const [, flag = arg, joined] = (style.equals && /^(--[^=]+)=(.*)$/s.exec(arg)) || [];
    const name = names.get(flag) ?? refuse(style.messages.unknown(flag));
    const option = options[name] ?? refuse(style.messages.unknown(flag));
    if (values[name] && !option.repeats) refuse(style.messages.repeated(flag));
    const given = values[name] ?? [];
    values[name] = given;
    if (!option.value) {
      if (joined !== undefined) refuse(style.messages.badValue(flag, joined, "it takes no value"));
      given.push("");
      continue;
    }
    const value = joined ?? queue.shift() ?? refuse(style.messages.missingValue(flag));
    const problem = option.value === true ? undefined : option.value(value);
    if (problem) refuse(style.messages.badValue(flag, value, problem));
    given.push(value);
  }
  return { values, rest };
}
