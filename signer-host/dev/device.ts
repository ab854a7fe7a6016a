import type { TezosKey } from "./keys.ts";
import { type Payload, readPayload } from "./payload.ts";
import { Refusal } from "./refusal.ts";

/**
 * The same keys on a device that needs time for each signature, as a Ledger does. The device makes one signature at a
 * time, whatever the key, and finishes it even if nobody waits for it any more. Like a Ledger, it keeps its own mark
 * and never signs twice for a level and round, not even the same bytes.
 */
export function onSlowDevice(keys: ReadonlyMap<string, TezosKey>, milliseconds: number): Map<string, TezosKey> {
  const marks = new Map<string, Payload>();
  let last: Promise<unknown> = Promise.resolve();
  const signAtItsTurn = (key: TezosKey, bytes: Uint8Array, version: number | undefined): Promise<string> => {
    const turn = last.then(async () => {
      const payload = readPayload(bytes, key.isBls);
      const place = `${key.address} ${payload.kind} ${payload.chainId}`;
      requireAbove(marks.get(place), payload);
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      marks.set(place, payload);
      return key.sign(bytes, version);
    });
    last = turn.catch(() => {});
    return turn;
  };
  return new Map(
    [...keys].map(([address, key]) => [
      address,
      { ...key, sign: (bytes, version) => signAtItsTurn(key, bytes, version) },
    ]),
  );
}

function requireAbove(mark: Payload | undefined, { kind, level, round }: Payload): void {
  if (mark !== undefined && (level < mark.level || (level === mark.level && round <= mark.round))) {
    throw new Refusal(`the device has signed ${kind} level ${mark.level} and round ${mark.round} already`);
  }
}
