import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { SshConfigValues } from "./sshConfig.ts";

/** The template as it is in this folder. */
export const template = readFileSync(join(import.meta.dirname, "ssh_config"), "utf8");

/** For tests: values for the template, with a space where a path may have one. */
export const values: SshConfigValues = {
  forwarder: { host: "198.51.100.7", port: 30022, user: "signer" },
  port: 8443,
  sshPort: 9443,
  localSignerPort: 8442,
  localSshPort: 22,
  identityFile: "/var/lib/a signer/ssh_key",
  knownHostsFile: "/var/lib/a signer/known_hosts",
};
