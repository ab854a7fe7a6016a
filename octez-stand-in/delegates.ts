import { getPkhfromPk } from "@taquito/utils";
import type { Change, Delegate, DelegateKeys, Role } from "./delegateKeys.ts";

/** `active` has no `pk` if it is the delegate's own key, which no operation has shown. */
export type KeysNow = {
  readonly active: { readonly pkh: string; readonly pk?: string } | null;
  readonly pendings: readonly Change[];
};

/** Cycles that pass in whole before a change counts. */
export const activationDelay = 2;

/**
 * A chain's delegates, and which key of each counts when.
 *
 * A new key counts once `activationDelay` whole cycles have passed, as in protocol U (`register_update` in
 * src/proto_025_PsUshuai/lib_protocol/delegate_consensus_key.ml, and CONSENSUS_RIGHTS_DELAY, which is 2 everywhere).
 */
export class Delegates {
  readonly #cycleLength: number;
  #all = new Map<string, Delegate>();
  /** Those that no operation has made or changed. */
  #asked = new Set<string>();

  constructor(cycleLength: number, kept: DelegateKeys = []) {
    this.#cycleLength = cycleLength;
    for (const delegate of kept) this.#all.set(delegate.address, delegate);
  }

  /** All that were ever there, in the order of their slots. */
  get all(): readonly Delegate[] {
    return [...this.#all.values()];
  }

  get kept(): DelegateKeys {
    return this.all.filter(({ address }) => !this.#asked.has(address));
  }

  cycleOf(level: number): number {
    return Math.floor(level / this.#cycleLength);
  }

  has(address: string): boolean {
    return this.#all.has(address);
  }

  /** Makes a key whose rights a baker asks for a delegate, unless it is or was or will be any delegate's key. */
  ask(pkh: string, level: number): void {
    const isKnown = this.all.some(({ consensus, companion }) =>
      [...consensus, ...companion].some((change) => change.pkh === pkh),
    );
    if (isKnown || this.has(pkh)) return;
    this.#all.set(pkh, { address: pkh, rightsFrom: level, consensus: [], companion: [] });
    this.#asked.add(pkh);
  }

  /** Makes several changes, or none if one of them throws. */
  together(changes: () => void): void {
    const [all, asked] = [[...this.#all], [...this.#asked]];
    try {
      changes();
    } catch (error) {
      this.#all = new Map(all);
      this.#asked = new Set(asked);
      throw error;
    }
  }

  /** Registers a delegate at a level. It has rights when a key that is set now counts. */
  register(address: string, level: number): void {
    if (this.has(address) && !this.#asked.has(address)) throw new Error("Delegate already activated.");
    this.#asked.delete(address);
    const rightsFrom = (this.cycleOf(level) + activationDelay + 1) * this.#cycleLength;
    this.#all.set(address, this.#all.get(address) ?? { address, rightsFrom, consensus: [], companion: [] });
  }

  /** Sets a delegate's key at a level. Throws what the protocol says against it. */
  set(address: string, role: Role, pk: string, level: number): void {
    const delegate = this.#all.get(address);
    if (delegate === undefined) throw new Error(`Contract ${address} is not registered as a delegate.`);
    const pkh = getPkhfromPk(pk);
    const cycle = this.cycleOf(level) + activationDelay + 1;
    const last = delegate[role].at(-1);
    if (pkh === (last?.pkh ?? (role === "consensus" ? address : undefined)))
      throw new Error(`Invalid key while updating a ${role} key (already active since ${last?.cycle ?? 0}).`);
    if (this.#isUsed(pkh, cycle))
      throw new Error(`The delegate ${role} key ${pkh} is already used as another consensus or companion key`);
    if (pkh !== address && this.kept.some((other) => other.address === pkh))
      throw new Error(
        `The key ${pkh} cannot be registered as a ${role} key, as it is the manager key of another registered delegate.`,
      );
    // A change of the same cycle before is forgotten.
    const others = delegate[role].filter((change) => change.cycle !== cycle);
    this.#all.set(address, { ...delegate, [role]: [...others, { cycle, pkh, pk }] });
    this.#asked.delete(address);
    const asked = this.#all.get(pkh);
    // Nobody's right of the next level changes, as that may have been asked for already.
    if (asked && pkh !== address) this.#all.set(pkh, { rightsUntil: level + 2, ...asked });
  }

  /** A delegate's key of a level, if it has one. Without another, the consensus key is the delegate's own. */
  keyAt(address: string, role: Role, level: number): { readonly pkh: string; readonly pk?: string } | undefined {
    const change = this.#all.get(address)?.[role].findLast(({ cycle }) => cycle <= this.cycleOf(level));
    return change ?? (role === "consensus" ? { pkh: address } : undefined);
  }

  keysNow(address: string, role: Role, level: number): KeysNow {
    const active = this.keyAt(address, role, level);
    const changes = this.#all.get(address)?.[role] ?? [];
    return {
      active: active === undefined ? null : { pkh: active.pkh, ...(active.pk !== undefined && { pk: active.pk }) },
      pendings: changes
        .filter(({ cycle }) => cycle > this.cycleOf(level))
        .map(({ cycle, pkh, pk }) => ({ cycle, pkh, pk })),
    };
  }

  /** Whether a key is that of a delegate in a cycle, in any role. A key of which only a baker knows is not. */
  #isUsed(pkh: string, cycle: number): boolean {
    const level = cycle * this.#cycleLength;
    return this.kept.some(({ address }) =>
      (["consensus", "companion"] as const).some((role) => this.keyAt(address, role, level)?.pkh === pkh),
    );
  }
}
