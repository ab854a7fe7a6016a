import {
  boolCoreTag,
  defineScalarTag,
  FAILSAFE_SCHEMA,
  floatCoreTag,
  intCoreTag,
  loadAll,
  mergeTag,
  NOT_RESOLVED,
  nullCoreTag,
  Schema,
  YAMLException,
} from "js-yaml";
import { fraction, wholeNumber } from "./goNumbers.ts";
import { printGoTime } from "./goTime.ts";

/** YAML as the pulumi CLI reads it (yaml.v3 into any type): no booleans but true and false, numbers and times of Go, merge keys. */
const pulumiYaml = new Schema([
  ...FAILSAFE_SCHEMA.tags,
  nullCoreTag,
  boolCoreTag,
  { ...intCoreTag, resolve: wholeNumber },
  { ...floatCoreTag, resolve: fraction },
  defineScalarTag<string>("tag:yaml.org,2002:timestamp", {
    implicit: true,
    implicitFirstChars: [..."0123456789"],
    identify: () => false,
    resolve: (source) => printGoTime(source) ?? NOT_RESOLVED,
  }),
  mergeTag,
]);

/**
 * Reads a YAML file as the pulumi CLI does: the first document, null for a file of comments alone.
 *
 * Throws an Error that says file, line, column and what is wrong, and never what stands there: it may be a key.
 */
export function readYaml(text: string, path: string): unknown {
  try {
    return loadAll(text, { schema: pulumiYaml })[0] ?? null;
  } catch (error) {
    const flushLeft = text.split(/\r\n?|\n/).findIndex((line) => line.startsWith("-----BEGIN")) + 1;
    const hint = flushLeft > 0 ? `; the key in line ${flushLeft} wants spaces in front of each of its lines` : "";
    throw new Error(`${path}: ${problemOf(error)}${hint}`);
  }
}

function problemOf(error: unknown): string {
  if (!(error instanceof YAMLException)) return "found no YAML";
  const place = error.mark ? `line ${error.mark.line + 1}, column ${error.mark.column + 1}: ` : "";
  return `${place}found no YAML (${withoutQuotes(error.reason)})`;
}

/** A reason of js-yaml without the names of tags and aliases that a few of them quote. */
function withoutQuotes(reason: string): string {
  return reason.replace(/\s*(!?<.*>|".*"|: .*)/s, "");
}
