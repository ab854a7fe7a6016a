import type { Facts } from "./facts.ts";
import type { Finding } from "./finding.ts";
import { walk } from "./hops.ts";
import { hostHops } from "./hostHops.ts";
import { readLogs, viewOf } from "./signerView.ts";
import { signingHops } from "./signingHops.ts";
import { stackHops } from "./stackHops.ts";
import { tunnelHops } from "./tunnelHops.ts";

const signerHops = [...tunnelHops, ...hostHops, ...signingHops];

/** The findings that follow from the facts: of the stack, then of each signer, or of one of them. */
export function findingsOf(facts: Facts, only?: string): Finding[] {
  const found = walk(stackHops, facts);
  if ("error" in facts.config) return found;
  const { value: config } = facts.config;
  const signers = config.signers.filter(({ name }) => only === undefined || name === only);
  const log = readLogs(facts);
  const ofSigners = signers.map((signer) => walk(signerHops, viewOf(facts, config, signer, log), found, signer.name));
  return [...found, ...ofSigners.flat()];
}
