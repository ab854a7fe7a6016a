import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { run } from "../local/machine/run.ts";
import { start } from "./background.ts";
import { homeOf, inside } from "./network.ts";
import { temporary } from "./testStack.ts";

/** The port of 127.0.0.1 in a home at which its sshd is. */
export const homeSshdPort = 2022;

/** The file of the ssh key of an operator, whom a home's sshd lets in. */
export const operatorKey = temporary("operator");

/** Starts a home's own sshd, and makes the operator's key. `settings` are more lines of its configuration. */
export async function startHomeSshd(home: string, settings: readonly string[] = []): Promise<void> {
  const hostKey = temporary("home-sshd");
  for (const file of [operatorKey, hostKey]) await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", file]);
  copyFileSync(`${operatorKey}.pub`, temporary("operators"));
  const config = [
    `ListenAddress 127.0.0.1:${homeSshdPort}`,
    `HostKey ${hostKey}`,
    `AuthorizedKeysFile ${temporary("operators")}`,
    "PidFile none",
    "StrictModes no",
    "UsePAM no",
    ...settings,
  ];
  writeFileSync(temporary("sshd_config"), `${config.join("\n")}\n`);
  mkdirSync("/run/sshd", { recursive: true });
  const [enter, ...namespace] = inside(homeOf(home)) as [string, ...string[]];
  start(enter, [...namespace, "/usr/sbin/sshd", "-D", "-e", "-f", temporary("sshd_config")]);
}
