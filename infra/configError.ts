import { RunError } from "@pulumi/pulumi";
import { looksSecret } from "./tezosKey.ts";

/** One thing that is wrong with a stack's config. */
export type Problem = {
  /** Where it is, for example `signers[1].port`. */
  readonly path: string;
  /** What stands there, in words that show no key material. */
  readonly found: string;
  /** What should stand there. */
  readonly wanted: string;
};

/** Every problem of a stack's config at once, thrown before anything is made; Pulumi shows it without a stack trace. */
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

/** A value as a message may show it: short texts and numbers as they are, anything that could be a key only described. */
export function show(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (value !== null && typeof value === "object") return "an object";
  if (typeof value !== "string") return String(value);
  if (value.includes("PRIVATE KEY") || looksSecret(value)) return "what looks like a private key";
  if (value.length > 60 || /[^\x20-\x7e]/.test(value)) return `a text of ${value.length} characters`;
  return JSON.stringify(value);
}
