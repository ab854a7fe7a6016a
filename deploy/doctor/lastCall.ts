import type { LogLine } from "../observe/forwarderLog.ts";

/** How far a signer's last call came, as the log has it. */
export type Call =
  /** The log has no line of one. */
  | { readonly got: "nowhere" }
  /** Its login was refused. `isOurs` says whether the line names the signer or its key. */
  | { readonly got: "refused"; readonly line: string; readonly isOurs: boolean }
  /** It logged in, and a forward or session that it asked for was refused. */
  | { readonly got: "in"; readonly line: string }
  /** It had a session, which ended for this cause. */
  | { readonly got: "connected"; readonly ended: string };

const refusedInside = /^(refused (the forward|a session|to |a connection)|could not open the forward)/;
const endOfSession = /^(disconnected after|an older session ends|removed or changed)/;

/** How far the last call of a signer came that has no session. `fingerprints` are those of its keys in the config. */
export function lastCall(lines: readonly LogLine[], signer: string, fingerprints: readonly string[]): Call {
  const own = `${signer}: `;
  let ended: string | undefined;
  for (const { text } of lines.toReversed()) {
    const said = text.startsWith(own) ? text.slice(own.length) : "";
    if (said.startsWith("refused from ")) return { got: "refused", line: said, isOurs: true };
    if (refusedInside.test(said)) return { got: "in", line: said };
    if (said.startsWith("connected from ")) return { got: "connected", ended: ended ?? "the log has no reason" };
    if (endOfSession.test(said)) ended ??= said;
    // Another key may be this host's all the same: a client that logs in as `signer` is hardly a scanner.
    if (ended === undefined && /^refused \S+: no signer's key: /.test(text)) {
      return { got: "refused", line: text, isOurs: fingerprints.some((each) => text.includes(each)) };
    }
  }
  // Its session may have begun before the log does.
  return ended === undefined ? { got: "nowhere" } : { got: "connected", ended };
}

/** The newest line of a signer's that fits, since a time. */
export function newest(lines: readonly LogLine[], signer: string, pattern: RegExp, since = 0): string | undefined {
  const own = `${signer}: `;
  return lines
    .filter(({ timeMs, text }) => timeMs >= since && text.startsWith(own))
    .map(({ text }) => text.slice(own.length))
    .findLast((said) => pattern.test(said));
}
