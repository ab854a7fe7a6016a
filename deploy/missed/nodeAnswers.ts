import * as z from "zod";

// What octez-node answers (Octez 25, docs/api/ushuaia-openapi.json), as far as it is read here.

const time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

/** A block's header. */
export type Header = { readonly level: number; readonly timeMs: number; readonly round: number };

const header = z
  .object({ level: z.int(), timestamp: time, fitness: z.array(z.string()).length(5) })
  // The last part of the fitness is the round, in hex.
  .transform(({ level, timestamp, fitness }) => ({
    level,
    timeMs: timestamp,
    round: Number.parseInt(fitness[4] as string, 16),
  }));

/** Reads `blocks/<id>/header`. */
export const readHeader = (answer: unknown): Header => read("header", header, answer);

/** What one key may sign at a level: votes with a slot, and blocks of some rounds. */
export type Rights = { readonly key: string; readonly slot: number; readonly rounds: readonly number[] };

const validators = z.array(
  z.object({
    level: z.int(),
    delegates: z.array(z.object({ consensus_key: z.string(), attestation_slot: z.int(), rounds: z.array(z.int()) })),
  }),
);

/** Reads `blocks/<id>/helpers/validators`: the rights by level. */
export function readValidators(answer: unknown): ReadonlyMap<number, readonly Rights[]> {
  const levels = read("helpers/validators", validators, answer);
  return new Map(
    levels.map(({ level, delegates }) => [
      level,
      delegates.map((each) => ({ key: each.consensus_key, slot: each.attestation_slot, rounds: each.rounds })),
    ]),
  );
}

const slot = z.object({ slot: z.int() });
const contents = z.union([
  z.object({ kind: z.literal(["attestation", "attestation_with_dal"]), level: z.int(), slot: z.int() }),
  z.object({
    kind: z.literal("attestations_aggregate"),
    consensus_content: z.object({ level: z.int() }),
    committee: z.array(slot),
  }),
  // Preattestations, which a block has only if it was proposed again.
  z.object({ kind: z.literal(["preattestation", "preattestations_aggregate"]) }),
]);
const operations = z.array(z.object({ contents: z.array(contents) }));

/**
 * Reads `blocks/<id>/operations/0`, with or without metadata: the slots that have attested a level. Attestations of tz4
 * keys are one operation with a committee.
 */
export function readAttested(answer: unknown, level: number): ReadonlySet<number> {
  const all = read("operations/0", operations, answer).flatMap((operation) => operation.contents);
  const slots = all.flatMap((each) => {
    if (each.kind === "attestations_aggregate")
      return each.consensus_content.level === level ? each.committee.map((member) => member.slot) : [];
    return "slot" in each && each.level === level ? [each.slot] : [];
  });
  return new Set(slots);
}

const rights = z.array(z.object({ round: z.int(), estimated_time: time.optional() }));

/** Reads `blocks/<id>/helpers/baking_rights`: when each round of the level begins. */
export function readRoundTimes(answer: unknown): ReadonlyMap<number, number> {
  const rounds = read("helpers/baking_rights", rights, answer);
  return new Map(
    rounds.flatMap((each) => (each.estimated_time === undefined ? [] : [[each.round, each.estimated_time]])),
  );
}

const level = z.object({ level: z.int() });

/** Reads `levels/savepoint`: the lowest level that the node can answer about. */
export const readSavepoint = (answer: unknown): number => read("levels/savepoint", level, answer).level;

function read<T>(path: string, schema: z.ZodType<T>, answer: unknown): T {
  const { data, error } = schema.safeParse(answer);
  if (error) throw new Error(`node, ${path}: ${z.prettifyError(error)}; wanted the answer of Octez 25`);
  return data as T;
}
