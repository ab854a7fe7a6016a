import type { Head } from "./heads.ts";

/** What a consensus key may sign on a head. */
export type KeyRights = {
  /** The head's votes: for whom, in which slot, and the companion key that counts beside this one. */
  readonly vote?: { readonly delegate: string; readonly slot: number; readonly companionKey?: string };
  /** The next block. `isDue` if it is this key's turn, in round 0. Undefined if the key doesn't count by then. */
  readonly block?: { readonly isDue: boolean };
};

/** What a baker asks of its node, beside the heads. */
export class NodeClient {
  readonly #endpoint: string;

  constructor(endpoint: string) {
    this.#endpoint = endpoint;
  }

  /**
   * A key's rights as the consensus key of some delegate. One that has none is asked for as a delegate of itself, which
   * has the stand-in's node make it one, unless it is another delegate's key in some cycle.
   */
  async rightsAt(head: Head, address: string): Promise<KeyRights> {
    const rights = await this.#rights(head, address, "consensus_key");
    return rights.vote || rights.block ? rights : this.#rights(head, address, "delegate");
  }

  async #rights(head: Head, address: string, field: "consensus_key" | "delegate"): Promise<KeyRights> {
    const next = head.level + 1;
    const query = `level=${head.level}&level=${next}&${field}=${address}`;
    const levels = (await this.#call(`/chains/main/blocks/${head.level}/helpers/validators?${query}`)) as Validators;
    const at = (level: number) =>
      levels.find((each) => each.level === level)?.delegates.find((each) => each.consensus_key === address);
    const [vote, block] = [at(head.level), at(next)];
    return {
      ...(vote && {
        vote: {
          ...{ delegate: vote.delegate, slot: vote.attestation_slot },
          ...(vote.companion_key !== undefined && { companionKey: vote.companion_key }),
        },
      }),
      ...(block && { block: { isDue: block.rounds.includes(0) } }),
    };
  }

  async injectVote(bytes: Buffer): Promise<void> {
    await this.#call("/injection/operation?async=true&chain=main", bytes.toString("hex"));
  }

  async injectBlock(bytes: Buffer): Promise<void> {
    const block = { data: bytes.toString("hex"), operations: [[], [], [], []] };
    await this.#call("/injection/block?async=true&chain=main", block);
  }

  async #call(path: string, body?: unknown): Promise<unknown> {
    const post = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
    const response = await fetch(this.#endpoint + path, body === undefined ? {} : post);
    if (!response.ok) throw new Error(`${path}: HTTP ${response.status}`);
    return response.json();
  }
}

type Validators = readonly {
  readonly level: number;
  readonly delegates: readonly {
    readonly delegate: string;
    readonly consensus_key: string;
    readonly companion_key?: string;
    readonly attestation_slot: number;
    readonly rounds: readonly number[];
  }[];
}[];
