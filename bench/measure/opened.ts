import { Link } from "../rig/link.ts";
import type { Open, Variant } from "../variants/variant.ts";

/** A way from bakers to a signer that is open, with its name. */
export type Opened = { readonly variant: string; readonly open: Open };

/** Opens variants over a link with a round trip of `rtt` milliseconds, measures them, and closes all. */
export async function overLink<T>(
  variants: readonly Variant[],
  rtt: number,
  measure: (opened: readonly Opened[]) => Promise<T>,
): Promise<T> {
  const link = new Link(rtt);
  const opened: Opened[] = [];
  try {
    for (const variant of variants) opened.push({ variant: variant.name, open: await variant.open(link) });
    return await measure(opened);
  } finally {
    for (const { open } of opened) await open.close();
    await link.close();
  }
}

/** The order of the nth repetition. No variant is always first, so that the machine's drift affects all alike. */
export function inTurn(opened: readonly Opened[], n: number): Opened[] {
  return [...opened.slice(n), ...opened.slice(0, n)];
}
