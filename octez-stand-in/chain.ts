import { createHash } from "node:crypto";

/**
 * A network's chain as everyone sees it. Its level follows from the time since its start. So two nodes agree, and a
 * node that is rebuilt from nothing finds the chain where it was, as on a real network.
 */
export type Chain = {
  readonly network: string;
  /** The chain id as in signed bytes: 4 bytes. */
  readonly id: Buffer;
  readonly intervalMs: number;
  readonly startMs: number;
  /** Levels in a cycle (BLOCKS_PER_CYCLE of protocol U). */
  readonly cycleLength: number;
};

/** The ids of real chains. */
const realIds: Readonly<Record<string, Buffer>> = {
  mainnet: Buffer.from("7a06a770", "hex"),
  ghostnet: Buffer.from("af1864d9", "hex"),
  shadownet: Buffer.from("d052218e", "hex"),
};

/**
 * The stand-in's chain of a network. A block takes 2 s in the sandbox and 6 s elsewhere, as on mainnet. Cycles are short
 * where nobody knows them otherwise: 16 s in the sandbox, and 24 s in a network that is given by its URL.
 */
export function chainOf(network: string): Chain {
  return {
    network,
    id: realIds[network] ?? digest(`chain of ${network}`).subarray(0, 4),
    intervalMs: network === "sandbox" ? 2000 : 6000,
    startMs: Date.parse("2026-01-01T00:00:00Z"),
    cycleLength: network in realIds ? 14_400 : network === "sandbox" ? 8 : 4,
  };
}

/** The level of the chain's head at a time. */
export function levelAt(chain: Chain, timeMs: number): number {
  return Math.floor((timeMs - chain.startMs) / chain.intervalMs);
}

/** A block's header: the fields of the RPC `…/header` that a baker needs here. */
export type BlockHeader = {
  readonly level: number;
  readonly chainId: Buffer;
  readonly hash: Buffer;
  readonly predecessor: Buffer;
  readonly payloadHash: Buffer;
  readonly timestampMs: number;
};

export function headerAt(chain: Chain, level: number): BlockHeader {
  const hashOf = (n: number) => digest(`block ${n} of ${chain.network}`);
  return {
    level,
    chainId: chain.id,
    hash: hashOf(level),
    predecessor: hashOf(level - 1),
    payloadHash: digest(`payload ${level} of ${chain.network}`),
    timestampMs: chain.startMs + level * chain.intervalMs,
  };
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
