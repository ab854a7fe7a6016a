import { reachForwarder } from "../engine/reach.ts";
import { outputsOfLastUp } from "../engine/stackOutputs.ts";
import { runStack, type Stack } from "../stack/stack.ts";
import { configFactsOf } from "./configFacts.ts";
import { findingsOf } from "./decide.ts";
import type { ConfigFacts, Facts, RouterFacts } from "./facts.ts";
import { type Finding, findingsOfReplicas } from "./finding.ts";
import { gather, marksOfGuards, routerFacts } from "./gather.ts";

/** Examines a stack, with one of its signers or all of them. */
export async function examine(stack: Stack, signer?: string): Promise<Finding[]> {
  return findingsOfReplicas((await factsOf(stack, signer)).map((facts) => findingsOf(facts, signer)));
}

/** The facts as each replica of the forwarder has them. */
async function factsOf(stack: Stack, signer?: string): Promise<Facts[]> {
  const known = { stack: stack.name, now: Date.now() };
  let configs: ConfigFacts[];
  let program: Awaited<ReturnType<typeof runStack>>;
  try {
    program = await runStack(stack);
    configs = configFactsOf(stack, program.outputs, await hostsInCloud(stack, program.outputs));
  } catch (error) {
    return [{ ...known, config: { error: (error as Error).message } }];
  }
  const [first] = configs as [ConfigFacts];
  try {
    const { pods } = await reachForwarder(stack, program);
    let routers: Promise<readonly RouterFacts[]> | undefined;
    const routersOf = () => {
      routers ??= routerFacts(pods[0], first.bakers);
      return routers;
    };
    const facts: Facts[] = [];
    // One after the other: a host's link is never asked for two pages at once.
    for (const [i, config] of configs.entries())
      facts.push(await gather(stack.name, config, pods[i] ?? pods[0], routersOf, signer));
    const marks = await marksOfGuards(pods, first.bakers);
    return facts.map((each) => ({ ...each, marks }));
  } catch (error) {
    return [{ ...known, config: { value: first }, cluster: { error: (error as Error).message } }];
  }
}

/** The endpoints' addresses, if the config lacks one because only a cloud knows it. */
async function hostsInCloud(stack: Stack, outputs: Record<string, unknown>): Promise<(string | undefined)[]> {
  type Endpoints = { readonly signerEndpoints?: readonly { readonly host?: string }[] };
  const { signerEndpoints = [] } = outputs as Endpoints;
  if (signerEndpoints.every(({ host }) => host !== undefined)) return [];
  const { signerEndpoints: made = [] } = (await outputsOfLastUp(stack)) as Endpoints;
  return made.map(({ host }) => host);
}
