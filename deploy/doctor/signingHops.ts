import { shortText } from "../observe/duration.ts";
import type { LoggedRequest } from "../observe/forwarderLog.ts";
import { errorIn, valueIn } from "./answer.ts";
import { bad, type Judgement, ok, unknown } from "./finding.ts";
import type { Hop } from "./hops.ts";
import { type Mark, recentMs, type SignerView } from "./signerView.ts";
import { up } from "./stackHops.ts";

/** The hops of what is signed: the marks of device and guard, and what became of the bakers' requests. */
export const signingHops: readonly Hop<SignerView>[] = [
  { name: "marks", after: () => ["keys"], judge: judgeMarks },
  { name: "signatures", after: () => ["keys", "device"], judge: judgeSignatures },
  { name: "guard", after: () => ["forwarder"], judge: judgeGuard },
];

/** The guards' highest mark of a key and kind, over all chains, from the lines of `forwarder marks`. */
function guardsMark(lines: readonly string[], address: string, kind: string): Mark | undefined {
  const marks = lines.flatMap((line): Mark[] => {
    const [, level, round] = new RegExp(`^${address} \\S+ ${kind} level (\\d+) round (\\d+),`).exec(line) ?? [];
    return level === undefined ? [] : [{ level: Number(level), round: Number(round) }];
  });
  return marks.sort(byLevel).at(-1);
}

function byLevel(a: Mark, b: Mark): number {
  return a.level - b.level || a.round - b.round;
}

/**
 * A guard marks before the device is asked, and they are asked last, so one of them is never below the device unless
 * something else asked the device. It may be ahead: another device of the key has signed, or this one has failed.
 */
function judgeMarks({ facts, keyPages, signer }: SignerView): Judgement | Judgement[] {
  const lines = valueIn(facts.marks);
  if (!lines) return unknown(errorIn(facts.marks), "see forwarder");
  const marks = signer.keys.flatMap((address) =>
    Object.entries(keyPages[address]?.watermark ?? {}).map(([kind, device]) => {
      const guard = guardsMark(lines, address, kind);
      return { what: `${address} ${kind}`, device, guard };
    }),
  );
  if (marks.length === 0) return unknown("the host does not tell a watermark", "on the host: sudo signer-host doctor");
  const above = marks.filter(({ device, guard }) => guard !== undefined && byLevel(device, guard) > 0);
  if (above.length > 0) {
    return above.map(({ what, device, guard }) =>
      bad(
        `${what}: the device has signed ${textOf(device)}, and the guard has let no more than ${textOf(guard as Mark)} through`,
        "find what else asks this device, such as an old baker, and stop it. After a test network began anew, clear the device's watermark",
      ),
    );
  }
  const compared = marks.filter(({ guard }) => guard !== undefined);
  if (compared.length === 0) return unknown("the guard has no mark of its keys yet", "wait for a baker's next request");
  return ok(
    compared
      .map(({ what, device, guard }) => `${what}: device ${textOf(device)}, guard ${textOf(guard as Mark)}`)
      .join("; "),
  );
}

function textOf({ level, round }: Mark): string {
  return `level ${level} round ${round}`;
}

/** More than this part of the requests may not fail: one in twenty is a vote lost each minute. */
const mostFailed = 0.05;
/** An outage that is over has no failed request for so long, in milliseconds: five levels. */
const recurringMs = 30_000;

function judgeSignatures({ facts, requests, signer }: SignerView): Judgement {
  if (signer.keys.length === 0) return ok("no baker of the config uses this signer");
  const recent = requests.filter(({ refused, timeMs }) => refused === "" && timeMs > facts.now - recentMs);
  if (recent.length === 0) {
    return unknown(
      "no baker has asked in the last 2 min",
      "see the baker's log: bakers.<name>.logsCommand of npm run -s output",
    );
  }
  const failed = recent.filter(({ status }) => status !== 200);
  const times = recent
    .filter(({ status }) => status === 200)
    .map(({ ms }) => ms)
    .sort((a, b) => a - b);
  const median = times.length > 0 ? `, median ${shortText((times[times.length >> 1] as number) / 1000)}` : "";
  const counts = countsOf(failed.map(({ cause, status }) => cause || String(status)));
  const found = `${recent.length} requests in 2 min, ${failed.length} without a signature${counts && `: ${counts}`}${median}`;
  const last = failed.at(-1);
  if (!last) return ok(found);
  const areLastOnes = recent.slice(-3).every((line) => failed.includes(line));
  const isRecurring = failed.length > recent.length * mostFailed && last.timeMs > facts.now - recurringMs;
  return areLastOnes || isRecurring ? bad(found, causeCure(last)) : ok(found);
}

/** What to do about requests without a signature, by the cause of the last one. */
function causeCure({ cause }: LoggedRequest): string {
  const [, device] = /^device (\w+)$/.exec(cause) ?? [];
  if (device !== undefined || cause === "timeout") {
    return "look at the device: is it plugged in and unlocked, and its baking app open? If it is only slow, set signers[].answerSeconds";
  }
  if (cause === "no tunnel") return "see tunnel and daemon, and what broke it: the forwarder's log";
  if (cause === "signer error") {
    return "see the signer daemon's log on the host: it does not have the key, its watermark refuses the level, or it was told to refuse";
  }
  if (cause === "guard") return "the guard can't write its file: delete the forwarder's pod, and report it";
  return "see docs/guide/troubleshooting.md#a-baker-gets-no-signatures";
}

/** What to do about the gateway's own refusals that a baker never causes by itself. */
const refusalCures: Readonly<Record<string, string>> = {
  watermark:
    "find the second baker that has this key, and stop it. docs/guide/clear-a-mark.md says when the mark is wrong",
  ahead: "see the baker's node, or bakers[].minimalBlockSeconds: docs/guide/clear-a-mark.md",
  chain: "correct bakers[].chainId, or the baker's network: docs/guide/clear-a-mark.md",
  key: "add the key to a delegate of bakers[].delegates, with this signer",
};

function judgeGuard({ facts, passed, requests }: SignerView): Judgement {
  const isRecent = ({ refused, timeMs }: LoggedRequest) =>
    Object.hasOwn(refusalCures, refused) && timeMs > facts.now - recentMs;
  // What a router's guard has refused does not reach the forwarder's. What the forwarder's has is in both logs.
  const told = requests.filter(isRecent);
  const idOf = ({ key, kind, level, round, refused }: LoggedRequest) => [key, kind, level, round, refused].join();
  const ids = new Set(told.map(idOf));
  const refused = [...told, ...passed.filter((line) => isRecent(line) && !ids.has(idOf(line)))].sort(
    (a, b) => a.timeMs - b.timeMs,
  );
  const last = refused.at(-1);
  if (!last) return ok("has refused nothing in the last 2 min");
  const counts = countsOf(refused.map(({ refused }) => refused));
  const again = last.refused === "key" ? `, then ${up(facts)}` : "";
  return bad(
    `refused in the last 2 min: ${counts}, the last one at ${new Date(last.timeMs).toISOString()}`,
    `${refusalCures[last.refused]}${again}`,
  );
}

/** How often each word is there: `3 timeout, 1 no tunnel`. */
function countsOf(words: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].map(([word, count]) => `${count} ${word}`).join(", ");
}
