// Importing the whole SDK would cost every command a second, because all of them use `show`.
import { RunError } from "@pulumi/pulumi/errors.js";
import { looksSecret } from "../keys/tezosSecret.ts";

/** One thing that is wrong with a stack's config. */
export type Problem = {
  /** Where it is, for example `signers[1].port`. */
  readonly path: string;
  /** What was found there, in words that show no key material. */
  readonly found: string;
  /** What should stand there. */
  readonly wanted: string;
};

/** All problems of a stack's config, thrown before anything is made. Pulumi shows it without a stack trace. */
export class ConfigError extends RunError {
  readonly problems: readonly Problem[];

  constructor(stack: string, problems: readonly Problem[]) {
    const lines = problems.map(({ path, found, wanted }) => `  ${path || "(top)"}: found ${found}; wanted ${wanted}`);
    const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    super(`the config of stack ${show(stack)} has ${count}; nothing was changed\n${lines.join("\n")}`);
    this.name = "ConfigError";
    this.problems = problems;
  }
}

/** Formats a value for a message: short texts and numbers as they are, and only a description of a possible key. */
export function show(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (value !== null && typeof value === "object") return "an object";
  if (typeof value !== "string") return String(value);
  if (value.includes("PRIVATE KEY") || looksSecret(value)) return "what looks like a private key";
  if (couldBePartOfKey(value)) return `a text of ${value.length} characters`;
  if (value.length > 60 || /[^\x20-\x7e]/.test(value)) return `a text of ${value.length} characters`;
  return JSON.stringify(value);
}

/** Formats an object's key for a path: a word as it is, anything else as `show` does. */
export function showKey(key: string): string {
  const shown = show(key);
  return /^[\w.:/-]+$/.test(key) && shown === JSON.stringify(key) ? key : shown;
}

/** Public texts that look like lines of a private key: Tezos addresses and keys, ssh public keys, fingerprints. */
const publicRun = /^(tz[1-4]|KT1|edpk|sppk|p2pk|BLpk|AAAA[A-Z]3NzaC|AAAAE2Vj|AAAAI?[A-Z]nNr)/;

/** Whether it contains a run of base64 of at least 15 bytes, such as the short last line of a private key. */
function couldBePartOfKey(text: string): boolean {
  const runs = text.replaceAll(/SHA256:[\w+/]+/g, "").match(/[A-Za-z0-9+/]{20,}/g) ?? [];
  return runs.some(
    (run) =>
      !publicRun.test(run) && /[a-z]/.test(run) && /[A-Z]/.test(run) && (/[0-9+/]/.test(run) || run.length >= 32),
  );
}
