import type { Page } from "../cluster/forwarderPod.ts";
import { parseExposition, type Sample } from "./exposition.ts";

/** What a signer's host says of itself: the samples of its wrapper's page, or why there are none. */
export type HostPage = { readonly samples: readonly Sample[] } | { readonly missing: string };

/** Reads the page `/signers/<name>/healthz`. The gateway has an empty one for a host without a page. */
export function readHostPage({ status, text }: Page): HostPage {
  if (status !== 200) return { missing: `its page answers ${status}` };
  try {
    const samples = parseExposition(text);
    return samples.some(({ name }) => name.startsWith("signer_host_")) ? { samples } : { missing: "no wrapper" };
  } catch {
    // Another program than a wrapper may answer anything.
    return { missing: "no wrapper" };
  }
}
