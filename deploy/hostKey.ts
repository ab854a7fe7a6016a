import { existsSync, readFileSync } from "node:fs";
import { parseHostKey } from "../infra/sshKey.ts";
import { commonHelp, progress, runCommand } from "./command.ts";
import { makeEncryptionSalt, openPassphrase } from "./passphrase.ts";
import { project } from "./program.ts";
import { findPassphrase, readStackFile } from "./stackFile.ts";

const help = `
npm run -s host-key -- [options] < PRIVATE_KEY

Prints the lines of a stack's config that hold a host key, encrypted as \`pulumi config set --secret hostKey\` would: for
machines without the pulumi CLI. The key is read from stdin, the passphrase as Pulumi reads it; nothing is written.

${commonHelp}
`;

await runCommand({ help, newStack: true }, async ({ stack, configFile }) => {
  const key = parseHostKey(readFileSync(0, "utf8"));
  const passphrase = findPassphrase(stack);
  const salt = (existsSync(configFile) && readStackFile(configFile).encryptionsalt) || undefined;
  const newSalt = salt ?? makeEncryptionSalt(passphrase);
  const secure = openPassphrase(passphrase, newSalt).encrypt(key.pem);
  if (!salt) process.stdout.write(`encryptionsalt: ${newSalt}\n`);
  process.stdout.write(`config:\n  ${project}:hostKey:\n    secure: ${secure}\n`);
  progress(`host key ${key.fingerprint}, ${key.type}; keep the private key in a safe place as well`);
});
