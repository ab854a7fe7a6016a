import { type Allowance, problemsOf } from "../allowance.ts";
import { faultKind } from "../faultKinds.ts";
import { type Events, type FaultFigures, type Figures, figuresOf } from "../figures.ts";
import type { LeftOut } from "../plan.ts";
import type { Topology } from "../topology.ts";

/** What a run was started with, and what it ran on. */
export type RunFacts = {
  /** The command, as a person types it. */
  readonly command: string;
  /** ISO 8601. */
  readonly date: string;
  readonly topology: Topology;
  readonly leftOut: readonly LeftOut[];
};

/** A fault with what it has cost, and what it may cost. */
export type JudgedFault = FaultFigures & { readonly allowance: Allowance };

/** What a run has found; report.json has exactly this. */
export type Report = RunFacts & {
  readonly figures: Omit<Figures, "faults"> & { readonly faults: readonly JudgedFault[] };
  /** What is wrong, a line each. Empty: the run is good. */
  readonly problems: readonly string[];
};

/** Judges a run by what it has written down. */
export function reportOf(facts: RunFacts, events: Events): Report {
  const figures = figuresOf(events);
  const allowanceOf = ({ kind, target, begin, end }: FaultFigures): Allowance =>
    faultKind(kind).allowance(facts.topology, target, (end - begin) / 1000);
  const faults = figures.faults.map((fault) => ({ ...fault, allowance: allowanceOf(fault) }));
  return { ...facts, figures: { ...figures, faults }, problems: problemsOf(figures, allowanceOf) };
}
