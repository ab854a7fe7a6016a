import { commonHelp, runCommand } from "./cli/command.ts";
import { outputsOf } from "./engine/stackOutputs.ts";
import { readStack, runStack } from "./stack/stack.ts";

const help = `
npm run -s output -- [options]

Prints a stack's outputs as JSON on stdout: cluster, signerEndpoints, knownHosts, hostKeyFingerprint, signers, bakers and
outsideBakers.
With the pulumi CLI these are the outputs of the last \`up\`. Without it, they follow from the config as it is now.

  --from-config         the outputs that follow from the config, as without the CLI; values that only a cloud knows are
                        missing
${commonHelp}
`;

await runCommand({ help, switches: ["from-config"] }, async (options) => {
  const stack = readStack(options);
  const outputs = options.has("from-config") ? (await runStack(stack)).outputs : await outputsOf(stack);
  process.stdout.write(`${JSON.stringify(outputs, null, 2)}\n`);
});
