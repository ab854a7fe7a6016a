/** What is known of a hop. A person reads `unknown` as "can't tell", which is not "bad". */
type State = "ok" | "bad" | "unknown";

/** What was found at a hop. The same as `signer-host doctor` prints. */
export type Finding = {
  /** The signer that it concerns. Missing if it concerns the whole stack. */
  readonly signer?: string;
  readonly hop: string;
  readonly state: State;
  readonly found: string;
  /** What to do, unless the state is ok. */
  readonly cure?: string;
  /** The bad hop because of which this one can't be told. */
  readonly dependsOn?: string;
};

/** A finding before its hop and signer are known. */
export type Judgement = Omit<Finding, "hop" | "signer">;

export const ok = (found: string): Judgement => ({ state: "ok", found });
export const bad = (found: string, cure: string): Judgement => ({ state: "bad", found, cure });
export const unknown = (found: string, cure: string): Judgement => ({ state: "unknown", found, cure });

/** The exit code: 0 if all is well, 1 if something is bad, 2 if nothing is bad and something can't be told. */
export function verdict(findings: readonly Finding[]): 0 | 1 | 2 {
  const has = (state: State) => findings.some((finding) => finding.state === state);
  return has("bad") ? 1 : has("unknown") ? 2 : 0;
}

/**
 * The findings at all replicas of the forwarder. Those of a further one are only those that differ, and say which
 * replica they are of.
 */
export function findingsOfReplicas([first = [], ...others]: readonly (readonly Finding[])[]): Finding[] {
  const all = [...first];
  for (const [i, findings] of others.entries()) {
    for (const finding of findings) {
      const isSame = ({ signer, hop, state, found }: Finding) =>
        signer === finding.signer && hop === finding.hop && state === finding.state && found === finding.found;
      if (first.some(isSame)) continue;
      const last = all.findLastIndex(({ signer }) => signer === finding.signer);
      all.splice(last + 1, 0, { ...finding, found: `replica ${i + 1}: ${finding.found}` });
    }
  }
  return all;
}

/** The findings for people: a line each, below it the cure if that is its own, and a heading for the stack and each signer. */
export function linesOf(stack: string, findings: readonly Finding[]): string[] {
  let heading = "";
  return findings.flatMap((finding) => {
    const { signer, hop, state, found, cure, dependsOn } = finding;
    const above = signer === undefined ? `stack ${stack}` : `signer ${signer}`;
    const row = (first: string, second: string, text: string) =>
      `${first.padEnd(10)}  ${second.padEnd(11)}  ${printable(text)}`;
    const lines = [row(state === "unknown" ? "can't tell" : state, hop, found)];
    if (cure !== undefined && dependsOn === undefined) lines.push(row("", "", `cure: ${cure}`));
    if (above === heading) return lines;
    const isFirst = heading === "";
    heading = above;
    return [...(isFirst ? [] : [""]), above, ...lines];
  });
}

/** The findings for programs. */
export function jsonOf(stack: string, findings: readonly Finding[]): string {
  return JSON.stringify({ stack, healthy: verdict(findings) === 0, hops: findings }, null, 2);
}

/** A text without what others could steer a terminal with. Some of it is a server's, or of a log. */
function printable(text: string): string {
  return text.replace(/\s*\n\s*/g, "; ").replace(/\p{Cc}/gu, "?");
}
