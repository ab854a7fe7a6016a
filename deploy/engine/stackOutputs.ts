import { readJson } from "../../local/machine/json.ts";
import { runStack, type Stack } from "../stack/stack.ts";
import { hasPulumi, PulumiStack } from "./pulumi.ts";
import { requireNoCloud } from "./requiresCli.ts";

/** A stack's outputs by their names, unchecked. */
export type Outputs = Record<string, unknown>;

/** The outputs as the last `up` with the pulumi CLI left them. Throws if there was none. */
export async function outputsOfLastUp(stack: Stack): Promise<Outputs> {
  const pulumi = new PulumiStack(stack);
  const text = await pulumi.outputs().catch(async (error: Error) => {
    if (await pulumi.exists()) throw error;
    throw new Error(
      `stack ${stack.name}: found no such stack in pulumi's backend, wanted one that is up: npm run up -- --stack ${stack.name}`,
    );
  });
  return readJson(text, "pulumi stack output") as Outputs;
}

/** The outputs that follow from the config as it is now. Throws if only the pulumi CLI can bring the stack up. */
export async function outputsWithoutCli(stack: Stack): Promise<Outputs> {
  const program = await runStack(stack);
  requireNoCloud(stack, program);
  return program.outputs;
}

/** The outputs of the last `up` if the pulumi CLI is on PATH, and otherwise those that follow from the config. */
export function outputsOf(stack: Stack): Promise<Outputs> {
  return hasPulumi() ? outputsOfLastUp(stack) : outputsWithoutCli(stack);
}
