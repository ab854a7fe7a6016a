import { setTimeout as sleep } from "node:timers/promises";
import { b58DecodeAndCheckPrefix } from "@taquito/utils";
import { blockBytes, freshContents, type Kind, voteBytes } from "./consensusBytes.ts";
import type { Say } from "./eventLog.ts";
import type { Head, Heads } from "./heads.ts";
import { sign } from "./remoteSigner.ts";
import type { WalletKey } from "./wallet.ts";
import type { Watermarks } from "./watermarks.ts";

/**
 * The kinds of a head in the order in which a baker signs them. `after` is when it asks for each, in milliseconds after
 * it heard of the head: attestations once the others' preattestations are in, the next block (after the head) once
 * their attestations are in.
 */
const kinds: readonly (readonly [kind: Kind, after: number])[] = [
  ["preattestation", 0],
  ["attestation", 300],
  ["block", 600],
];

/**
 * Bakes and attests with one key forever. On each new head, it signs a preattestation, an attestation and the next
 * block, one after the other. All keys ask at the same moments. A key that is late for such a moment asks at once. Logs
 * one line for each kind and level.
 */
export async function bakeKey(key: WalletKey, slot: number, heads: Heads, watermarks: Watermarks, say: Say) {
  const sayOfKey: Say = (text) => say(`${key.alias}: ${text}`);
  let last: number | undefined;
  for (;;) {
    const head = await heads.above(last ?? -1);
    for (let missed = (last ?? head.level - 1) + 1; missed < head.level; missed++)
      for (const [kind] of kinds) sayOfKey(`failed ${kind} level ${levelOf(kind, missed)}: its time had passed`);
    for (const [kind, after] of kinds) {
      await sleep(Math.max(0, head.heardAt + after - performance.now()));
      await bake(kind, key, slot, head, watermarks, sayOfKey);
    }
    last = head.level;
  }
}

async function bake(kind: Kind, key: WalletKey, slot: number, head: Head, watermarks: Watermarks, say: Say) {
  const level = levelOf(kind, head.level);
  const start = performance.now();
  const waiting = setInterval(() => {
    say(`waiting for ${kind} level ${level} since ${Math.round((performance.now() - start) / 1000)} s`);
  }, 3000);
  try {
    if (!watermarks.record(kind, key.address, level, 0))
      return say(`skipped ${kind} level ${level}: it may have been signed before`);
    await sign(key, bytesOf(kind, key, slot, head));
    say(`signed ${kind} level ${level} in ${Math.round(performance.now() - start)} ms`);
  } catch (error) {
    say(`failed ${kind} level ${level}: ${causeOf(error)}`);
  } finally {
    clearInterval(waiting);
  }
}

function bytesOf(kind: Kind, key: WalletKey, slot: number, head: Head): Buffer {
  const chainId = decode(head.chain_id);
  if (kind === "block")
    return blockBytes({
      ...freshContents(),
      chainId,
      level: head.level + 1,
      protocolLevel: head.proto,
      predecessor: decode(head.hash),
      timestampMs: Date.now(),
      validationPasses: 4,
      round: 0,
      votes: 2,
    });
  const vote = { chainId, branch: decode(head.predecessor), slot, level: head.level, round: 0 };
  return voteBytes(kind, { ...vote, payloadHash: decode(head.payload_hash) }, key.address.startsWith("tz4"));
}

function levelOf(kind: Kind, headLevel: number): number {
  return kind === "block" ? headLevel + 1 : headLevel;
}

function decode(text: string): Buffer {
  const [bytes] = b58DecodeAndCheckPrefix(text);
  return Buffer.from(bytes);
}

/** The cause on one line, even if it is several failed connections. */
function causeOf(error: unknown): string {
  const { message, code, errors } = error as { message: string; code?: string; errors?: Error[] };
  return (message || errors?.map((one) => one.message).join(", ") || code || String(error)).replace(/\s+/g, " ");
}
