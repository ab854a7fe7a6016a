import { reachForwarder } from "../engine/reach.ts";
import { outputsOfLastUp } from "../engine/stackOutputs.ts";
import { runStack, type Stack } from "../stack/stack.ts";
import { configFactsOf } from "./configFacts.ts";
import { findingsOf } from "./decide.ts";
import type { ConfigFacts, Facts } from "./facts.ts";
import type { Finding } from "./finding.ts";
import { gather } from "./gather.ts";

/** Examines a stack, with one of its signers or all of them. */
export async function examine(stack: Stack, signer?: string): Promise<Finding[]> {
  return findingsOf(await factsOf(stack, signer), signer);
}

async function factsOf(stack: Stack, signer?: string): Promise<Facts> {
  const known = { stack: stack.name, now: Date.now() };
  let config: ConfigFacts;
  let program: Awaited<ReturnType<typeof runStack>>;
  try {
    program = await runStack(stack);
    config = configFactsOf(stack, program.outputs, await hostInCloud(stack, program.outputs));
  } catch (error) {
    return { ...known, config: { error: (error as Error).message } };
  }
  try {
    const { pod } = await reachForwarder(stack, program);
    return await gather(stack.name, config, pod, signer);
  } catch (error) {
    return { ...known, config: { value: config }, cluster: { error: (error as Error).message } };
  }
}

/** The endpoint's address, if the config has none because only a cloud knows it. */
async function hostInCloud(stack: Stack, outputs: Record<string, unknown>): Promise<string | undefined> {
  const { signerEndpoints: [endpoint] = [] } = outputs as { signerEndpoints?: { host?: string }[] };
  if (!endpoint || endpoint.host !== undefined) return undefined;
  return ((await outputsOfLastUp(stack)).signerEndpoints as { host?: string }[] | undefined)?.[0]?.host;
}
