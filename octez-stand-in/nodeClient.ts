import type { Head } from "./heads.ts";

/** What a baker asks of its node, beside the heads. */
export class NodeClient {
  readonly #endpoint: string;

  constructor(endpoint: string) {
    this.#endpoint = endpoint;
  }

  /** A key's slot for votes on a head, and whether it may bake the next level in round 0. Undefined without rights. */
  async rightsAt(head: Head, address: string): Promise<{ slot: number; bakesNext: boolean } | undefined> {
    const next = head.level + 1;
    const query = `level=${head.level}&level=${next}&delegate=${address}`;
    const levels = (await this.#call(`/chains/main/blocks/${head.level}/helpers/validators?${query}`)) as Validators;
    const at = (level: number) => levels.find((each) => each.level === level)?.delegates[0];
    const slot = at(head.level)?.attestation_slot;
    return slot === undefined ? undefined : { slot, bakesNext: at(next)?.rounds.includes(0) ?? false };
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
  readonly delegates: readonly { readonly attestation_slot: number; readonly rounds: readonly number[] }[];
}[];
