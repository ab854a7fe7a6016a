import { readFileSync } from "node:fs";
import { run } from "../local/machine/run.ts";
import { until } from "../testbed/background.ts";
import { temporary } from "../testbed/testStack.ts";
import type { World } from "./world.ts";

/** The stack's host key, as PEM. Undefined: the development stack's. */
let current: string | undefined;
let made = 0;

/** Rotates the host key as docs/guide/changing-keys.md says: announced, learned by every client, and then used. */
export async function rotateHostKey({ homes, stack }: World): Promise<void> {
  const file = temporary(`chaos-host-key-${++made}`);
  await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", file]);
  const [next, line] = [readFileSync(file, "utf8"), readFileSync(`${file}.pub`, "utf8").trim()];
  stack.changeHostKey(current, next);
  await stack.npm("up");
  const knows = (text: string): boolean => text.includes(line.split(" ")[1] as string);
  for (const home of homes) {
    // A kubelet takes up to a minute until a pod has a changed Secret, and a client learns of a key when it dials.
    await until(`${home.name} has learned the next host key`, 120, async () => {
      if (knows(home.knownHosts())) return true;
      home.killTunnel(0);
      await new Promise((resolve) => setTimeout(resolve, 6000));
      return knows(home.knownHosts());
    });
  }
  stack.changeHostKey(next);
  current = next;
  await stack.npm("up");
}
