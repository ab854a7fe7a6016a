import { randomBytes } from "node:crypto";
import { commonHelp, progress, runCommand } from "./cli/command.ts";
import { secretLines } from "./stack/secretLines.ts";

const help = `
npm run -s authentication-seed -- [options]

Makes a seed and prints the lines of a stack's config that hold it, encrypted as \`pulumi config set --secret
authenticationSeed\` would: for machines without the pulumi CLI. From it follows the key with which each baker signs its
requests. The passphrase is read as Pulumi reads it; nothing is written.

  --next              the lines of nextAuthenticationSeed, the next seed, instead
${commonHelp}
`;

await runCommand({ help, newStack: true, switches: ["next"] }, async ({ stack, configFile, has }) => {
  const name = has("next") ? "nextAuthenticationSeed" : "authenticationSeed";
  process.stdout.write(secretLines(stack, configFile, name, randomBytes(32).toString("base64")));
  progress(`${name}: keep the config in a safe place; the devices at home know the keys that follow from it`);
});
