import { isObject } from "./eventSinks.ts";

export type Role = "consensus" | "companion";
type PublicKey = { readonly pkh: string; readonly pk: string };

/** A key of a delegate, from the first level of a cycle on. */
export type Change = PublicKey & { readonly cycle: number };

/** A delegate with rights from one level until, if a baker alone made it one, it becomes another delegate's key. */
export type Delegate = {
  readonly address: string;
  readonly rightsFrom: number;
  readonly rightsUntil?: number;
} & Readonly<Record<Role, readonly Change[]>>;

/** The delegates that operations have made or changed, as they are kept on disk. */
export type DelegateKeys = readonly Delegate[];

/** Reads what was kept. Returns undefined for anything else. */
export function readDelegateKeys(value: unknown): DelegateKeys | undefined {
  const isChange = (change: unknown) =>
    isObject(change) &&
    Number.isInteger(change.cycle) &&
    [change.pkh, change.pk].every((key) => typeof key === "string");
  const isDelegate = (each: unknown) =>
    isObject(each) &&
    typeof each.address === "string" &&
    Number.isInteger(each.rightsFrom) &&
    [each.consensus, each.companion].every((list) => Array.isArray(list) && list.every(isChange));
  return Array.isArray(value) && value.every(isDelegate) ? (value as DelegateKeys) : undefined;
}
