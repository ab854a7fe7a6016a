import { existsSync } from "node:fs";
import { makeEncryptionSalt, openPassphrase } from "./passphrase.ts";
import { project } from "./project.ts";
import { findPassphrase, readStackFile } from "./stackFile.ts";

/**
 * The lines of a stack's config that hold a secret under `name`, encrypted with the stack's passphrase. A config file that
 * is not there yet gets its `encryptionsalt` line as well.
 */
export function secretLines(stack: string, configFile: string, name: string, secret: string): string {
  const passphrase = findPassphrase(stack);
  const salt = (existsSync(configFile) && readStackFile(configFile).encryptionsalt) || undefined;
  const newSalt = salt ?? makeEncryptionSalt(passphrase);
  const secure = openPassphrase(passphrase, newSalt).encrypt(secret);
  return `${salt ? "" : `encryptionsalt: ${newSalt}\n`}config:\n  ${project}:${name}:\n    secure: ${secure}\n`;
}
