import { b58DecodeAndCheckPrefix } from "@taquito/utils";
import { blockBytes, freshContents, type Kind, voteBytes } from "./consensusBytes.ts";
import type { Heads } from "./heads.ts";
import type { RpcHeader } from "./nodeRpc.ts";
import { sign } from "./remoteSigner.ts";
import type { WalletKey } from "./wallet.ts";
import type { Watermarks } from "./watermarks.ts";

/** The kinds of a head in the order in which a baker signs them; the block is the one after the head. */
const kinds: readonly Kind[] = ["preattestation", "attestation", "block"];

/**
 * Bakes and attests with one key for ever: on each new head a preattestation, an attestation and the next block, one
 * after the other. Logs one line for each kind and level. Knows of no other key, and so waits for none.
 */
export async function bakeKey(key: WalletKey, slot: number, heads: Heads, watermarks: Watermarks): Promise<never> {
  let last: number | undefined;
  for (;;) {
    const head = await heads.above(last ?? -1);
    for (let missed = (last ?? head.level - 1) + 1; missed < head.level; missed++)
      for (const kind of kinds) log(key, `failed ${kind} level ${levelOf(kind, missed)}: its time had passed`);
    for (const kind of kinds) await bake(kind, key, slot, head, watermarks);
    last = head.level;
  }
}

async function bake(kind: Kind, key: WalletKey, slot: number, head: RpcHeader, watermarks: Watermarks): Promise<void> {
  const level = levelOf(kind, head.level);
  if (!watermarks.record(kind, key.address, level, 0))
    return log(key, `skipped ${kind} level ${level}: it may have been signed before`);
  const start = performance.now();
  const waiting = setInterval(() => {
    log(key, `waiting for ${kind} level ${level} since ${Math.round((performance.now() - start) / 1000)} s`);
  }, 3000);
  try {
    await sign(key, bytesOf(kind, key, slot, head));
    log(key, `signed ${kind} level ${level} in ${Math.round(performance.now() - start)} ms`);
  } catch (error) {
    log(key, `failed ${kind} level ${level}: ${causeOf(error)}`);
  } finally {
    clearInterval(waiting);
  }
}

function bytesOf(kind: Kind, key: WalletKey, slot: number, head: RpcHeader): Buffer {
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

/** On one line, also where the cause is several failed connections. */
function causeOf(error: unknown): string {
  const { message, code, errors } = error as { message: string; code?: string; errors?: Error[] };
  return (message || errors?.map((one) => one.message).join(", ") || code || String(error)).replace(/\s+/g, " ");
}

function log(key: WalletKey, text: string): void {
  console.log(`${key.alias}: ${text}`);
}
