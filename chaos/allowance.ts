import { type FaultFigures, type Figures, isPairOf } from "./figures.ts";
import type { Device, Way } from "./topology.ts";

/** What a fault may cost in the topology that it happens in. */
export type Allowance = {
  /** The longest time in seconds from a request to the next signature of its key. */
  readonly gapSeconds: number;
  /** Whether a request may be lost, with all that octez-baker repeats. */
  readonly mayLose: boolean;
  /** Why that is so, as docs/design/gaps.md says it. */
  readonly reason: string;
  /** The one of two ways to the devices that it takes, or the one of two devices of its keys, if there are two. */
  readonly takes?: Way | Device | undefined;
};

/** How long two faults that take both ways, or both devices, may take longer than each of them. */
const bothSeconds = 30;

/** Whether two faults together leave no way to a device, or no device of a key. */
function takesBoth([one, other]: readonly Allowance[]): boolean {
  const [a, b] = [one?.takes, other?.takes];
  if (!a || !b) return false;
  if ("keys" in a && "keys" in b) return a.signer !== b.signer && a.keys.some((key) => b.keys.includes(key));
  if ("keys" in a || "keys" in b) return false;
  return a.number !== b.number && (a.signer === undefined || b.signer === undefined || a.signer === b.signer);
}

/** What is wrong with a run's figures, a line each. Empty: nothing. */
export function problemsOf(figures: Figures, allowanceOf: (fault: FaultFigures) => Allowance): string[] {
  const { byDevice, byKey } = figures.twice;
  const twice = [
    ...byDevice.map(({ where }) => `signed twice with different bytes by one device: ${where}`),
    ...byKey.map(({ where }) => `signed twice with different bytes: ${where}`),
  ];
  const refused = figures.refused.map((text) => `refused, though it may be signed: ${text}`);
  const { quiet } = figures;
  const before = quiet.lost > 0 ? [`before the first fault: found ${lost(quiet.lost, quiet.causes)}, wanted none`] : [];
  const none = figures.signed === 0 ? ["found no signature in the whole run, wanted some"] : [];
  return [
    ...twice,
    ...refused,
    ...none,
    ...before,
    ...figures.faults.flatMap((fault) => ofFault(fault, figures.faults, allowanceOf)),
  ];
}

/** Two faults at once may cost what both may together, and more if they leave no way to a device. */
function ofFault(
  fault: FaultFigures,
  all: readonly FaultFigures[],
  allowanceOf: (fault: FaultFigures) => Allowance,
): string[] {
  const other = all.find((each) => each !== fault && isPairOf(fault, each));
  // The first one of a pair speaks for both.
  if (other && all.indexOf(other) < all.indexOf(fault)) return [];
  const allowances = [fault, ...(other ? [other] : [])].map(allowanceOf);
  const reasons = [...new Set(allowances.map(({ reason }) => reason))].join("; ");
  const names = [fault, ...(other ? [other] : [])].map(({ kind, target }) => `${kind} (${target})`).join(" with ");
  const where = `${new Date(fault.begin).toISOString()} ${names}`;
  const isCutOff = takesBoth(allowances);
  const mostSeconds = allowances.reduce((sum, { gapSeconds }) => sum + gapSeconds, isCutOff ? bothSeconds : 0);
  const problems: string[] = [];
  if (fault.lost > 0 && !isCutOff && !allowances.some(({ mayLose }) => mayLose))
    problems.push(`${where}: found ${lost(fault.lost, fault.causes)}, wanted none: ${reasons}`);
  if (fault.gapMs > mostSeconds * 1000)
    problems.push(
      `${where}: found ${fault.gapMs / 1000} s without a signature of ${fault.gapKey}, wanted at most ${mostSeconds} s: ${reasons}`,
    );
  return problems;
}

function lost(count: number, causes: readonly string[]): string {
  return `${count} lost ${count === 1 ? "request" : "requests"} (${causes.join(", ")})`;
}
