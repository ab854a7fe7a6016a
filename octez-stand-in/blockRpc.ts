import { b58Encode, encodeOpHash, PrefixV2 } from "@taquito/utils";
import { headerAt } from "./chain.ts";
import { activationDelay } from "./delegates.ts";
import type { LiveChain } from "./liveChain.ts";
import { encodeSignature, type SignedVote } from "./signedBytes.ts";

/** A block header as the RPC returns it: what its readers here need of it. */
export type RpcHeader = {
  readonly chain_id: string;
  readonly hash: string;
  readonly level: number;
  readonly proto: number;
  readonly predecessor: string;
  readonly timestamp: string;
  /** Five texts in hex: version, level, locked round, the predecessor's round (-1 minus it), and the round. */
  readonly fitness: readonly string[];
  readonly payload_hash: string;
  readonly payload_round: number;
};

/** The round of a block. */
export function roundIn({ fitness }: RpcHeader): number {
  return Number.parseInt(fitness[4] ?? "", 16);
}

export function rpcHeader(live: LiveChain, level: number): RpcHeader {
  const header = headerAt(live.chain, level);
  const round = live.roundOf(level);
  return {
    chain_id: b58Encode(header.chainId, PrefixV2.ChainID),
    hash: b58Encode(header.hash, PrefixV2.BlockHash),
    level,
    proto: 1,
    predecessor: b58Encode(header.predecessor, PrefixV2.BlockHash),
    timestamp: timestamp(header.timestampMs),
    fitness: ["02", int32(level), "", int32(-1 - live.roundOf(level - 1)), int32(round)],
    payload_hash: b58Encode(header.payloadHash, PrefixV2.ValueHash),
    payload_round: round,
  };
}

/** Answers a call about a block, such as `helpers/validators`. Returns undefined for an unknown block or path. */
export function answerAboutBlock(live: LiveChain, block: string, path: string, query: URLSearchParams): unknown {
  const level = levelOf(live, block);
  if (level === undefined) return undefined;
  switch (path) {
    case "header":
      return rpcHeader(live, level);
    case "hash":
      return rpcHeader(live, level).hash;
    case "operations/0":
      return live.attestationsIn(level).map((vote) => operation(live, vote, query));
    case "helpers/validators":
      return validators(live, level, query);
    case "helpers/baking_rights":
      return bakingRights(live, level, query);
    case "context/constants":
      return constants(live);
    default:
      return delegateAt(live, level, path);
  }
}

/** `head`, `head~2`, `head-2`, or a level. */
function levelOf(live: LiveChain, block: string): number | undefined {
  const [, back = "0"] = /^head(?:[~-](\d+))?$/.exec(block) ?? [];
  const level = block.startsWith("head") ? live.head - Number(back) : /^\d+$/.test(block) ? Number(block) : -1;
  return level >= live.savepoint && level <= live.head ? level : undefined;
}

/** Some of the constants that Octez has. */
function constants({ chain }: LiveChain): unknown {
  return {
    blocks_per_cycle: chain.cycleLength,
    minimal_block_delay: String(chain.intervalMs / 1000),
    consensus_rights_delay: activationDelay,
    consensus_key_activation_delay: activationDelay,
  };
}

/** Some of what Octez has on a delegate (src/proto_025_PsUshuai/lib_plugin/delegate_services.ml): all, or one field. */
function delegateAt({ delegates }: LiveChain, level: number, path: string): unknown {
  const [, address = "", field] = /^context\/delegates\/(\w+)(?:\/(\w+))?$/.exec(path) ?? [];
  if (!delegates.has(address)) return undefined;
  const all: Readonly<Record<string, unknown>> = {
    deactivated: false,
    is_forbidden: false,
    consensus_key: delegates.keysNow(address, "consensus", level),
    companion_key: delegates.keysNow(address, "companion", level),
  };
  return field === undefined ? all : all[field];
}

function operation(live: LiveChain, vote: SignedVote, query: URLSearchParams): unknown {
  const { branch, slot, level, round, payloadHash, dal, signature } = vote;
  const kind = dal === undefined ? vote.kind : "attestation_with_dal";
  const rights = live.rightsAt(level).find((each) => each.slot === slot);
  const metadata = {
    ...{ delegate: rights?.delegate, consensus_power: { slots: 1, baking_power: null } },
    consensus_key: rights?.consensusKey,
  };
  return {
    chain_id: b58Encode(live.chain.id, PrefixV2.ChainID),
    hash: encodeOpHash(Buffer.concat([branch, payloadHash, signature]).toString("hex")),
    branch: b58Encode(branch, PrefixV2.BlockHash),
    contents: [
      {
        ...{ kind, slot, level, round, block_payload_hash: b58Encode(payloadHash, PrefixV2.ValueHash) },
        ...(dal !== undefined && { dal_attestation: String(dal) }),
        ...(query.get("metadata") !== "never" && { metadata }),
      },
    ],
    signature: encodeSignature(signature),
  };
}

function validators(live: LiveChain, current: number, query: URLSearchParams): unknown {
  for (const address of query.getAll("delegate")) live.delegates.ask(address, live.head);
  const isAsked = chosen(query);
  return levelsIn(query, current)
    .reverse()
    .map((level) => {
      const rights = live.rightsAt(level);
      return {
        level,
        consensus_threshold: String(Math.ceil((rights.length * 2) / 3)),
        consensus_committee: String(rights.length),
        all_bakers_attest_activated: false,
        delegates: rights
          .filter(({ delegate, consensusKey }) => isAsked(delegate, consensusKey))
          .map(({ delegate, consensusKey, companionKey, slot, rounds }) => ({
            ...{ delegate, rounds, consensus_key: consensusKey },
            ...(companionKey !== undefined && { companion_key: companionKey }),
            ...{ attesting_power: "1", attestation_slot: slot },
          })),
      };
    });
}

/** The rights to bake up to a round, and their times at the level after this block's. */
function bakingRights(live: LiveChain, current: number, query: URLSearchParams): unknown {
  const isAsked = chosen(query);
  const rounds = Array.from({ length: Number(query.get("max_round") ?? 64) + 1 }, (_, round) => round);
  const rights = levelsIn(query, current + 1).flatMap((level) =>
    rounds.map((round) => ({ level, round, owner: (round === 0 && live.baker(level)) || live.otherBaker })),
  );
  // Without `all`, each baker's first right of a level alone.
  const isFirst = ({ level, owner }: (typeof rights)[number], index: number) =>
    rights.findIndex((right) => right.level === level && right.owner === owner) === index;
  return rights
    .filter((right, index) => query.has("all") || isFirst(right, index))
    .map((right) => ({
      ...right,
      key: live.delegates.keyAt(right.owner, "consensus", right.level)?.pkh ?? right.owner,
    }))
    .filter(({ owner, key }) => isAsked(owner, key))
    .map(({ level, round, owner, key }) => ({
      ...{ level, delegate: owner, round },
      ...(level > current && { estimated_time: timestamp(live.timeOf(level) + round * live.chain.intervalMs) }),
      consensus_key: key,
    }));
}

function levelsIn(query: URLSearchParams, standard: number): number[] {
  const levels = query.getAll("level").map(Number);
  return levels.length > 0 ? [...new Set(levels)].sort((a, b) => a - b) : [standard];
}

/** Whether the query names a delegate and its key. It may name none of either, and means all. */
function chosen(query: URLSearchParams): (delegate: string, consensusKey: string) => boolean {
  const isIn = (name: string, value: string) => !query.has(name) || query.getAll(name).includes(value);
  return (delegate, consensusKey) => isIn("delegate", delegate) && isIn("consensus_key", consensusKey);
}

function timestamp(ms: number): string {
  return new Date(ms).toISOString().replace(".000", "");
}

function int32(value: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes.toString("hex");
}
