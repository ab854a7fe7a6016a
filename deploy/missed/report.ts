import type { Duty } from "./duties.ts";
import type { GatewayLog } from "./gatewayLog.ts";
import type { LevelRange } from "./levelRange.ts";
import { type Verdict, verdictOn } from "./verdict.ts";

/** A duty that is not on the chain, and what became of it. */
type Miss = Duty & { readonly verdict: Verdict };

/** What was found about one baker. */
export type BakerReport = {
  readonly baker: string;
  readonly levels: LevelRange;
  /** How many signatures were due. */
  readonly due: { readonly attestations: number; readonly blocks: number };
  /** The keys that had no rights in these levels. */
  readonly withoutRights: readonly string[];
  readonly missed: readonly Miss[];
};

/** The report on a baker, from the duties of its keys. */
export function reportOn(
  baker: string,
  levels: LevelRange,
  duties: readonly Duty[],
  log: GatewayLog,
  keys: readonly string[],
  signersOf: (key: string) => readonly string[],
): BakerReport {
  const ofKind = (kind: Duty["kind"]) => duties.filter((duty) => duty.kind === kind).length;
  return {
    baker,
    levels,
    due: { attestations: ofKind("attestation"), blocks: ofKind("block") },
    withoutRights: keys.filter((key) => !duties.some((duty) => duty.key === key)),
    missed: duties
      .filter(({ isOnChain }) => !isOnChain)
      .map((duty) => ({ ...duty, verdict: verdictOn(duty, log, signersOf(duty.key)) })),
  };
}

/** 1 if something was ours to mend, else 2 if something can't be told or nothing was due, else 0. */
export function exitCodeOf(reports: readonly BakerReport[]): 0 | 1 | 2 {
  const verdicts = reports.flatMap(({ missed }) => missed.map(({ verdict }) => verdict.what));
  if (verdicts.some((what) => what !== "can't tell" && what !== "not us")) return 1;
  return verdicts.includes("can't tell") || reports.some(({ due }) => due.attestations + due.blocks === 0) ? 2 : 0;
}

/** The report for people: a line for each level with a miss, and a summary. `nameOf` gives a key's name. */
export function linesOf(report: BakerReport, nameOf: (key: string) => string): string[] {
  const { baker, due, levels, missed, withoutRights } = report;
  const lines = [...Map.groupBy(missed, ({ level }) => level)].map(([level, misses]) => {
    const time = timeText(Math.min(...misses.map(({ fromMs }) => fromMs)));
    return `${level}  ${time}  ${misses.map((miss) => missText(miss, nameOf)).join("; ")}`;
  });
  const rightless = withoutRights.map((key) => `baker ${baker}: ${nameOf(key)} had no rights`);
  const counts = [...Map.groupBy(missed, ({ verdict }) => verdict.what)].map(
    ([what, some]) => `${some.length} ${what}`,
  );
  const found = missed.length === 0 ? "none missed" : `${missed.length} missed: ${counts.join(", ")}`;
  const dues = `${due.attestations} attestations and ${due.blocks} blocks due`;
  return [...lines, ...rightless, `baker ${baker}, levels ${levels.from}..${levels.to}: ${dues}, ${found}`];
}

/** The reports for programs. */
export function jsonOf(reports: readonly BakerReport[], nameOf: (key: string) => string): string {
  const bakers = reports.map(({ missed, ...report }) => ({
    ...report,
    missed: missed.map(({ key, kind, level, round, fromMs, verdict }) => ({
      ...{ level, time: timeText(fromMs), key, name: nameOf(key), kind, round, ...verdict },
    })),
  }));
  return JSON.stringify({ bakers }, null, 2);
}

function missText({ key, kind, round, verdict: { what, detail } }: Miss, nameOf: (key: string) => string): string {
  return `${nameOf(key)} ${kind}${round > 0 ? ` of round ${round}` : ""}: ${what}${detail && ` (${detail})`}`;
}

function timeText(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+/, "");
}
