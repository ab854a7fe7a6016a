import { setTimeout as sleep } from "node:timers/promises";
import type { Say } from "./eventLog.ts";
import { Refusal } from "./octezError.ts";

// What octez-dal-node asks of octez-node, beside the heads (src/lib_dal_node/l1_helpers.ml, v25.1).

/** The name of the node's network. Waits for a node that is not up yet, 0.2 to 20 s from try to try. */
export async function chainName(endpoint: string, say: Say): Promise<string> {
  if (!/^https?:/.test(endpoint) || !URL.canParse(endpoint))
    throw new Refusal(`Unable to connect to the node: ${endpoint}: unknown scheme`);
  for (let delay = 0.2; ; delay = Math.min(20, delay * 2)) {
    const response = await fetch(`${endpoint}/version`).catch(() => undefined);
    if (response?.ok)
      return ((await response.json()) as { network_version: { chain_name: string } }).network_version.chain_name;
    if (response) throw new Refusal(`${endpoint}/version: HTTP ${response.status}`);
    say(`could not reach ${endpoint} to fetch version info, retrying in ${delay} s`);
    await sleep(delay * 1000);
  }
}

/** Returns once the node is synchronised: then it ends its answer. */
export async function untilBootstrapped(endpoint: string): Promise<void> {
  const response = await fetch(`${endpoint}/monitor/bootstrapped`).catch(() => undefined);
  if (!response?.ok) throw new Refusal("Lost the connection with the L1 node");
  await response.text();
}

/**
 * Of each attester, the part of the slots attested in a block that it attested too: NaN for a block without any. Empty
 * if the node does not have the block.
 */
export async function attestedParts(endpoint: string, level: number, attesters: readonly string[]) {
  const response = await fetch(`${endpoint}/chains/main/blocks/${level}/operations/0`).catch(() => undefined);
  if (!response?.ok) return new Map<string, number>();
  const operations = (await response.json()) as readonly { readonly contents: readonly Attestation[] }[];
  const contents = operations.flatMap((operation) => operation.contents);
  const attested = contents.filter(({ dal_attestation: slots = "0" }) => slots !== "0");
  const has = (attester: string) => attested.some(({ metadata }) => metadata?.delegate === attester);
  return new Map(
    attesters.map((attester) => [attester, attested.length === 0 ? Number.NaN : Number(has(attester))] as const),
  );
}

type Attestation = { readonly dal_attestation?: string; readonly metadata?: { readonly delegate?: string } };
