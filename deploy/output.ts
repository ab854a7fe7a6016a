import { commonHelp, runCommand } from "./command.ts";
import { hasPulumi, PulumiStack } from "./pulumi.ts";
import { readStack, runStack } from "./stack.ts";

const help = `
npm run -s output -- [options]

Prints a stack's outputs as JSON on stdout: signerEndpoint, knownHosts, hostKeyFingerprint, signers and bakers.
With the pulumi CLI they are those of the last \`up\`, without it those of the config as it is.

${commonHelp}
`;

await runCommand({ help }, async (options) => {
  const stack = readStack(options);
  const outputs = hasPulumi() ? JSON.parse(await new PulumiStack(stack).outputs()) : (await runStack(stack)).outputs;
  process.stdout.write(`${JSON.stringify(outputs, null, 2)}\n`);
});
