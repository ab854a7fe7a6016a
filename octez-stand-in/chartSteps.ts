import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { root } from "../local/machine/checkout.ts";

const scripts = join(root, "charts/baker/scripts");

/**
 * For tests: the steps of charts/baker before the baker runs. They use these programs, and a folder in place of
 * /var/run/tezos, /wallet and /authentication.
 */
export class ChartSteps {
  readonly root = mkdtempSync(join(tmpdir(), "steps-"));
  readonly data = join(this.root, "tezos/node/data");
  readonly client = join(this.root, "tezos/client");

  constructor() {
    for (const folder of ["bin", "wallet", "authentication", "tezos"]) mkdirSync(join(this.root, folder));
    for (const name of ["octez-node", "wget"]) {
      const program = join(import.meta.dirname, `${name}.ts`);
      const script = `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`;
      writeFileSync(join(this.root, "bin", name), script, { mode: 0o755 });
    }
    for (const name of ["public_key_hashs", "public_keys", "secret_keys"])
      writeFileSync(join(this.root, "wallet", name), "[]");
    const config = readFileSync(join(scripts, "../client-config.json"), "utf8");
    writeFileSync(join(this.root, "wallet/config"), config.replaceAll("/var/run/tezos", join(this.root, "tezos")));
  }

  /**
   * Runs a step's script. `around` gets its command and may add others before and after it, which then run with it in a
   * separate mount namespace.
   */
  async run(name: string, env: Readonly<Record<string, string>> = {}, around?: (command: string) => string) {
    const script = readFileSync(join(scripts, `${name}.sh`), "utf8")
      .replaceAll("/var/run/tezos", join(this.root, "tezos"))
      .replaceAll(/\/(wallet|authentication)\//g, `${this.root}/$1/`);
    const file = join(this.root, "script.sh");
    writeFileSync(file, script);
    const command = `/bin/sh -euc "$(cat ${file})"`;
    const words = around ? ["unshare", "-m", "/bin/sh", "-euc", around(command)] : ["/bin/sh", "-euc", script];
    const { NODE_COMPILE_CACHE, PATH } = process.env;
    const child = spawn(words[0] as string, words.slice(1), {
      env: {
        ...(NODE_COMPILE_CACHE && { NODE_COMPILE_CACHE }),
        PATH: [join(this.root, "bin"), PATH].join(delimiter),
        ...env,
      },
      stdio: ["ignore", "ignore", "pipe"],
    });
    const [text, [code]] = await Promise.all([child.stderr.toArray(), once(child, "close")]);
    return { code: code as number, text: Buffer.concat(text).toString() };
  }

  remove(): void {
    rmSync(this.root, { recursive: true });
  }
}
