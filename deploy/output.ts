import { readJson } from "../local/machine/json.ts";
import { commonHelp, type Options, runCommand } from "./cli/command.ts";
import { hasPulumi, PulumiStack } from "./engine/pulumi.ts";
import { requireNoCloud } from "./engine/requiresCli.ts";
import { readStack, runStack, type Stack } from "./stack/stack.ts";

const help = `
npm run -s output -- [options]

Prints a stack's outputs as JSON on stdout: cluster, signerEndpoint, knownHosts, hostKeyFingerprint, signers and bakers.
With the pulumi CLI these are the outputs of the last \`up\`. Without it, they follow from the config as it is now.

  --from-config         the outputs that follow from the config, as without the CLI; values that only a cloud knows are
                        missing
${commonHelp}
`;

await runCommand({ help, switches: ["from-config"] }, async (options) => {
  const stack = readStack(options);
  const outputs = hasPulumi() && !options.has("from-config") ? await ofLastUp(stack) : await ofConfig(stack, options);
  process.stdout.write(`${JSON.stringify(outputs, null, 2)}\n`);
});

async function ofLastUp(stack: Stack): Promise<unknown> {
  return readJson(await new PulumiStack(stack).outputs(), "pulumi stack output");
}

async function ofConfig(stack: Stack, options: Options): Promise<unknown> {
  const program = await runStack(stack);
  if (!options.has("from-config")) requireNoCloud(stack, program);
  return program.outputs;
}
