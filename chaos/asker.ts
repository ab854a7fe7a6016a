import { setTimeout as sleep } from "node:timers/promises";
import { sign } from "../octez-stand-in/remoteSigner.ts";
import type { WalletKey } from "../octez-stand-in/wallet.ts";
import { blockBytes, voteBytes } from "../signer-host/dev/sampleBytes.ts";
import type { Ask } from "./figures.ts";

// Asks as octez-baker does, with all keys at once and thrice a level: a preattestation, an attestation, and the next
// block. It prints a line of JSON for each request. Level n begins n times the level's length after 1970, so that who
// starts anew never asks for a level again. It is a separate program, to run inside the network of the baker's pod.

/** What the program gets as its one argument, in JSON. */
export type AskerSettings = {
  readonly levelMs: number;
  /** Makes the bytes of one start differ from those of another, as the time in a block does. */
  readonly start: number;
  readonly keys: readonly WalletKey[];
};

/** When a key asks for each, in milliseconds after its level has begun. octez-stand-in/bakeKey.ts has them as well. */
const kinds = [
  ["preattestation", 0],
  ["attestation", 300],
  ["block", 600],
] as const;

/** A request without an answer at the end of the run is lost if it has waited for so long. */
const patienceMs = 10_000;

const { keys, levelMs, start } = JSON.parse(process.argv[2] ?? "") as AskerSettings;
const waiting = new Set<Omit<Ask, "end">>();
const print = (ask: Ask): void => void process.stdout.write(`${JSON.stringify(ask)}\n`);

function bytesOf(kind: (typeof kinds)[number][0], level: number): Buffer {
  const sample = { level, filler: start % 251 };
  if (kind === "block") return blockBytes({ ...sample, level: level + 1 });
  return voteBytes(kind === "preattestation" ? 0x12 : 0x13, sample);
}

async function ask(key: WalletKey, kind: (typeof kinds)[number][0], level: number): Promise<void> {
  const asked = { key: key.alias, kind, level, start: Date.now() };
  waiting.add(asked);
  const cause = await sign(key, bytesOf(kind, level)).then(() => undefined, causeOf);
  waiting.delete(asked);
  print({ ...asked, end: Date.now(), ...(cause !== undefined && { cause }) });
}

/** The cause on one line, even if it is several failed connections. */
function causeOf(error: unknown): string {
  const { message, code, errors } = error as { message: string; code?: string; errors?: Error[] };
  return (message || errors?.map((one) => one.message).join(", ") || code || String(error)).replace(/\s+/g, " ");
}

/** Asks with one key, for one signature at a time. A level that has passed meanwhile is left out. */
async function askForEver(key: WalletKey): Promise<void> {
  for (let level = Math.ceil(Date.now() / levelMs); ; level = Math.max(level + 1, Math.floor(Date.now() / levelMs)))
    for (const [kind, after] of kinds) {
      await sleep(Math.max(0, level * levelMs + after - Date.now()));
      await ask(key, kind, level);
    }
}

process.on("SIGTERM", () => {
  const end = Date.now();
  for (const asked of waiting)
    if (end - asked.start > patienceMs) print({ ...asked, end, cause: "no answer when the run ended" });
  process.stdout.write("", () => process.exit(0));
});
await Promise.all(keys.map(askForEver));
