/** A part of a stack's config as it was written, before any check. */
export type Entry = Record<string, unknown>;

/** What was written as an object. Undefined for anything else. */
export function entryOf(value: unknown): Entry | undefined {
  return value instanceof Object && !Array.isArray(value) ? (value as Entry) : undefined;
}

/** How many replicas the forwarder has. What is not 2 counts as 1, and another check reports it. */
export function replicasIn({ forwarder }: Entry): 1 | 2 {
  return entryOf(forwarder)?.replicas === 2 ? 2 : 1;
}

/** The entries of what was written as a list. One that is no object is an empty one, and another check reports it. */
export function entriesOf(value: unknown): Entry[] {
  return Array.isArray(value) ? value.map((each) => entryOf(each) ?? {}) : [];
}
