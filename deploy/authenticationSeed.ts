import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { commonHelp, progress, runCommand } from "./cli/command.ts";
import { makeEncryptionSalt, openPassphrase } from "./stack/passphrase.ts";
import { project } from "./stack/project.ts";
import { findPassphrase, readStackFile } from "./stack/stackFile.ts";

const help = `
npm run -s authentication-seed -- [options]

Makes a seed and prints the lines of a stack's config that hold it, encrypted as \`pulumi config set --secret
authenticationSeed\` would: for machines without the pulumi CLI. From it follows the key with which each baker signs its
requests. The passphrase is read as Pulumi reads it; nothing is written.

  --next              the lines of nextAuthenticationSeed, the next seed, instead
${commonHelp}
`;

await runCommand({ help, newStack: true, switches: ["next"] }, async ({ stack, configFile, has }) => {
  const passphrase = findPassphrase(stack);
  const salt = (existsSync(configFile) && readStackFile(configFile).encryptionsalt) || undefined;
  const newSalt = salt ?? makeEncryptionSalt(passphrase);
  const secure = openPassphrase(passphrase, newSalt).encrypt(randomBytes(32).toString("base64"));
  if (!salt) process.stdout.write(`encryptionsalt: ${newSalt}\n`);
  const name = has("next") ? "nextAuthenticationSeed" : "authenticationSeed";
  process.stdout.write(`config:\n  ${project}:${name}:\n    secure: ${secure}\n`);
  progress(`${name}: keep the config in a safe place; the devices at home know the keys that follow from it`);
});
