import { setTimeout as sleep } from "node:timers/promises";
import { b58DecodeAndCheckPrefix } from "@taquito/utils";
import { roundIn } from "./blockRpc.ts";
import type { BlockVotes } from "./blockVotes.ts";
import { blockBytes, freshContents, type Kind, type Vote, voteBytes } from "./consensusBytes.ts";
import { dalAttestation } from "./dalAttestation.ts";
import type { DalSlots } from "./dalSlots.ts";
import type { Say } from "./eventLog.ts";
import type { Head, Heads } from "./heads.ts";
import type { KeyRights, NodeClient } from "./nodeClient.ts";
import { signedBlock, signedVote, type VoteKind } from "./signedBytes.ts";
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

/** What all keys of a baker share. */
export type Bakery = {
  readonly node: NodeClient;
  readonly heads: Heads;
  readonly watermarks: Watermarks;
  readonly votes: BlockVotes;
  /** All keys of the wallet, some of which are companions of others. */
  readonly keys: readonly WalletKey[];
  /** Undefined without a DAL node. */
  readonly dal?: DalSlots;
  /** Asks a key's signer for a signature. */
  readonly sign: (key: WalletKey, bytes: Buffer) => Promise<string>;
};

/** What one key is to sign on a head. */
type Duty = KeyRights & {
  readonly key: WalletKey;
  readonly head: Head;
};

/**
 * Bakes and attests with one key forever, on each head on which it is the consensus key of a delegate. It signs a
 * preattestation, an attestation and the next block, one after the other, and injects them. A block that another baker
 * has the right to is signed as well, for more to sign, and not injected. All keys ask at the same moments. A key that
 * is late for such a moment asks at once. Logs one line for each kind and level.
 */
export async function bakeKey(key: WalletKey, bakery: Bakery, say: Say) {
  const { heads, node } = bakery;
  const sayOfKey: Say = (text) => say(`${key.alias}: ${text}`);
  let last: number | undefined;
  let rights: KeyRights = {};
  for (;;) {
    const head = await heads.above(last ?? -1);
    for (let missed = (last ?? head.level - 1) + 1; missed < head.level; missed++)
      for (const [kind] of kinds)
        if (hasRight(kind, rights)) sayOfKey(`failed ${kind} level ${levelOf(kind, missed)}: its time had passed`);
    last = head.level;
    try {
      rights = await node.rightsAt(head, key.address);
      if (rights.vote) bakery.dal?.follow(rights.vote.delegate);
      await bakeAll({ key, head, ...rights }, bakery, sayOfKey);
    } catch (error) {
      sayOfKey(`failed level ${head.level}: cannot get its rights: ${causeOf(error)}`);
    }
  }
}

function hasRight(kind: Kind, { vote, block }: KeyRights): boolean {
  return (kind === "block" ? block : vote) !== undefined;
}

async function bakeAll(duty: Duty, bakery: Bakery, say: Say): Promise<void> {
  for (const [kind, after] of kinds) {
    if (!hasRight(kind, duty)) continue;
    await sleep(Math.max(0, duty.head.heardAt + after - performance.now()));
    await bake(kind, duty, bakery, say);
  }
}

async function bake(kind: Kind, duty: Duty, bakery: Bakery, say: Say): Promise<void> {
  const { node, votes, watermarks } = bakery;
  const { head, key } = duty;
  const level = levelOf(kind, head.level);
  const start = performance.now();
  const waiting = setInterval(() => {
    say(`waiting for ${kind} level ${level} since ${Math.round((performance.now() - start) / 1000)} s`);
  }, 3000);
  const signAs = async (signer: WalletKey, bytes: Buffer) => {
    const asked = performance.now();
    const signature = await bakery.sign(signer, bytes);
    const who = signer === key ? "" : ` with companion key ${signer.alias}`;
    say(`signed ${kind} level ${level} in ${Math.round(performance.now() - asked)} ms${who}`);
    return signature;
  };
  try {
    if (!watermarks.record(kind, key.address, level, kind === "block" ? 0 : roundIn(head)))
      return say(`skipped ${kind} level ${level}: it may have been signed before`);
    if (kind === "block") {
      const bytes = nextBlock(head, votes());
      const signature = await signAs(key, bytes);
      if (duty.block?.isDue) await node.injectBlock(signedBlock(bytes, signature));
      return;
    }
    const { vote, companion } = voteOf(kind, duty, bakery, say);
    const bytes = voteBytes(kind, vote, key.address.startsWith("tz4"));
    const signature = await signAs(key, bytes);
    // The companion's signature is only asked for. Octez joins both in one.
    if (companion) await signAs(companion, bytes);
    await node.injectVote(signedVote(kind, vote, signature));
  } catch (error) {
    say(`failed ${kind} level ${level}: ${causeOf(error)}`);
  } finally {
    clearInterval(waiting);
  }
}

function nextBlock(head: Head, votes: number): Buffer {
  return blockBytes({
    ...freshContents(),
    chainId: decode(head.chain_id),
    level: head.level + 1,
    protocolLevel: head.proto,
    predecessor: decode(head.hash),
    predecessorRound: roundIn(head),
    timestampMs: Date.now(),
    validationPasses: 4,
    round: 0,
    votes,
  });
}

type SignedTwice = { readonly vote: Vote; readonly companion?: WalletKey };

/**
 * A vote on a head, and the key that signs it a second time. With a DAL node, an attestation says which slots may be
 * attested, if only that there are none. A tz4 needs a companion key for that (`forge_and_sign_consensus_vote` in
 * src/proto_025_PsUshuai/lib_delegate/baking_actions.ml).
 */
function voteOf(kind: VoteKind, { head, key, vote: right }: Duty, { dal, keys }: Bakery, say: Say): SignedTwice {
  const vote: Vote = {
    chainId: decode(head.chain_id),
    branch: decode(head.predecessor),
    slot: right?.slot ?? 0,
    level: head.level,
    round: roundIn(head),
    payloadHash: decode(head.payload_hash),
  };
  if (dal === undefined || right === undefined || kind === "preattestation") return { vote };
  const companion = keys.find(({ address }) => address === right.companionKey);
  if (key.address.startsWith("tz4") && companion === undefined) {
    say(
      "Cannot issue an attestation with DAL because the BLS consensus key has no corresponding companion key. " +
        `Crafting the attestation without DAL at level ${head.level} for ${right.delegate}`,
    );
    return { vote };
  }
  const bits = dalAttestation(dal.attestable(right.delegate), head.level);
  if (bits > 0n) say(`ready to attach DAL attestation for level ${head.level}, with bitset ${bits}`);
  return { vote: { ...vote, dal: bits }, ...(companion && { companion }) };
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
