import { existsSync, readFileSync } from "node:fs";
import { parseHostKey } from "../infra/keys/sshKey.ts";
import { commonHelp, progress, runCommand } from "./cli/command.ts";
import { makeEncryptionSalt, openPassphrase } from "./stack/passphrase.ts";
import { project } from "./stack/project.ts";
import { findPassphrase, readStackFile } from "./stack/stackFile.ts";

const help = `
npm run -s host-key -- [options] < PRIVATE_KEY

Prints the lines of a stack's config that hold a host key, encrypted as \`pulumi config set --secret hostKey\` would, and its
fingerprint: for machines without the pulumi CLI. The key is read from stdin, the passphrase as Pulumi reads it; nothing is
written.

  --next              the lines of nextHostKey, the next host key, instead
${commonHelp}
`;

await runCommand({ help, newStack: true, switches: ["next"] }, async ({ stack, configFile, has }) => {
  const key = parseHostKey(readFileSync(0, "utf8"));
  const passphrase = findPassphrase(stack);
  const salt = (existsSync(configFile) && readStackFile(configFile).encryptionsalt) || undefined;
  const newSalt = salt ?? makeEncryptionSalt(passphrase);
  const secure = openPassphrase(passphrase, newSalt).encrypt(key.pem);
  if (!salt) process.stdout.write(`encryptionsalt: ${newSalt}\n`);
  const name = has("next") ? "nextHostKey" : "hostKey";
  process.stdout.write(`config:\n  ${project}:${name}:\n    secure: ${secure}\n`);
  if (name === "hostKey") process.stdout.write(`  ${project}:hostKeyFingerprint: ${key.fingerprint}\n`);
  progress(`${name} ${key.fingerprint}, ${key.type}; keep the private key in a safe place as well`);
});
