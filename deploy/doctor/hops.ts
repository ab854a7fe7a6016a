import type { Finding, Judgement } from "./finding.ts";

/** One hop on the way, and how to judge it. */
export type Hop<Subject> = {
  readonly name: string;
  /** The hops without which nothing can be told of this one. */
  after(subject: Subject): readonly string[];
  /** Judges the hop. It is called only if none of the hops before is bad. */
  judge(subject: Subject): Judgement | readonly Judgement[];
};

/**
 * Walks hops in their order. A hop after a bad one can't be told.
 *
 * `before` are the findings of earlier hops. `signer` is the signer that the hops concern.
 */
export function walk<Subject>(
  hops: readonly Hop<Subject>[],
  subject: Subject,
  before: readonly Finding[] = [],
  signer?: string,
): Finding[] {
  const found: Finding[] = [];
  for (const { name, after, judge } of hops) {
    const needed = after(subject);
    const cause = [...before, ...found].flatMap((finding) => (needed.includes(finding.hop) ? causeOf(finding) : []))[0];
    const judgements = cause === undefined ? [judge(subject)].flat() : [dependsOn(cause)];
    found.push(
      ...judgements.map((judgement) => ({ ...(signer !== undefined && { signer }), hop: name, ...judgement })),
    );
  }
  return found;
}

/** The bad hop that a finding tells of: its own, or that on which it depends. */
function causeOf({ hop, state, dependsOn }: Finding): string[] {
  if (state === "bad") return [hop];
  return dependsOn === undefined ? [] : [dependsOn];
}

function dependsOn(cause: string): Judgement {
  return { state: "unknown", found: `depends on ${cause}`, cure: `see ${cause}`, dependsOn: cause };
}
