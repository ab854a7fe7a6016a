import { readFileSync } from "node:fs";
import { parseHostKey } from "../infra/keys/sshKey.ts";
import { commonHelp, progress, runCommand } from "./cli/command.ts";
import { project } from "./stack/project.ts";
import { secretLines } from "./stack/secretLines.ts";

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
  const name = has("next") ? "nextHostKey" : "hostKey";
  process.stdout.write(secretLines(stack, configFile, name, key.pem));
  if (name === "hostKey") process.stdout.write(`  ${project}:hostKeyFingerprint: ${key.fingerprint}\n`);
  progress(`${name} ${key.fingerprint}, ${key.type}; keep the private key in a safe place as well`);
});
