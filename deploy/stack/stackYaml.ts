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

/**
 * YAML as the pulumi CLI reads it (yaml.v3 into any type).
 *
 * Its only booleans are true and false. Numbers and times are Go's. It has merge keys.
 */
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
 * Reads a YAML file as the pulumi CLI does: the first document, or null if the file has only comments.
 *
 * Throws an Error with file, line, column and the reason. It never quotes the file's text, which may be a key.
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

/** Removes the names of tags and aliases that some of js-yaml's reasons quote. */
function withoutQuotes(reason: string): string {
  return reason.replace(/\s*(!?<.*>|".*"|: .*)/s, "");
}
