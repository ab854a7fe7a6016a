import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { openPortForward } from "../deploy/cluster/portForward.ts";
import { type PageNames, pageConfig, whole } from "../docs/guide/keys/pageConfig.ts";
import { root } from "../local/machine/checkout.ts";
import { run } from "../local/machine/run.ts";
import { until } from "./background.ts";
import { type Step, stepsOf } from "./pageSteps.ts";
import type { SoftwareKey } from "./softwareKeys.ts";
import { type Stack, temporary } from "./testStack.ts";

/** The part of a stack that a reader of the pages has to do with. */
export type ReadersStack = Pick<Stack, "change" | "npm" | "attempt" | "kubectl" | "kubectlCommand">;
type Keys = Readonly<Record<string, SoftwareKey>>;
type KeysNow = { active: { pkh: string } | null; pendings: { pkh: string }[] };

/**
 * Follows the pages in docs/guide/keys step by step, with a stack that is up. It puts whole values where the pages have
 * shortened ones, and does what a page sends its reader to a device for.
 */
export abstract class PageReader {
  protected readonly stack: ReadersStack;
  /** The keys by their names on the pages. */
  readonly #keys: Keys;
  readonly #names: PageNames;
  /** The keys that were set last, by their roles. */
  readonly #set = new Map<string, SoftwareKey>();
  /** The wallet of the machine that has the delegate's own key. */
  readonly #wallet = mkdtempSync(temporary("wallet-"));

  constructor(stack: ReadersStack, keys: Keys, names: Omit<PageNames, "keys">) {
    this.stack = stack;
    this.#keys = keys;
    this.#names = { ...names, keys };
  }

  /** Installs a signer's kit on its host. It returns once the signer is connected. */
  abstract install(signer: string): Promise<void>;

  /** Judges what a command of the project says that looks and changes nothing. */
  protected abstract look(command: string, output: string): Promise<void>;

  /** Follows a page to its end. */
  async follow(page: string): Promise<void> {
    for (const step of stepsOf(page)) await this.#take(step);
  }

  async #take(step: Step): Promise<void> {
    if ("change" in step) return this.#changeConfig(step.change);
    const { command } = step;
    const [, name = "", words = ""] = /^npm run (\w+) --(.*)$/.exec(command) ?? [];
    const more = words
      .replace(/ --stack prod\b/, "")
      .split(" ")
      .slice(1);
    if (name === "up") await this.up();
    else if (name === "kit") await this.install(more[0] ?? "");
    else if (name !== "") await this.look(name, (await this.stack.attempt(name, ...more)).all);
    else await this.#askOctez(command);
  }

  /** Brings the stack up, and waits until its baker's node is there. */
  async up(): Promise<void> {
    await this.stack.npm("up");
    await this.stack.kubectl("rollout", "status", "statefulset/baker-alice", "--timeout=180s");
  }

  #changeConfig({ before, after }: { readonly before: string; readonly after: string }): void {
    const [from, to] = [pageConfig(before, this.#names), pageConfig(after, this.#names)];
    this.stack.change((settings) => {
      const [baker] = settings.bakers;
      assert.deepEqual(baker?.delegates, from.bakers[0]?.delegates, "the page starts from other keys");
      if (from.signers) assert.deepEqual(settings.signers, from.signers, "the page starts from other signers");
      if (to.signers) settings.signers = to.signers;
      Object.assign(baker as object, to.bakers[0]);
    });
  }

  async #askOctez(command: string): Promise<void> {
    const [, path, role = ""] = /^octez-client rpc get (.*\/(consensus|companion)_key)$/.exec(command) ?? [];
    if (path !== undefined)
      return this.#waitFor(
        role,
        path.replace(/tz\d…/, (short) => whole(short, this.#names.delegate)),
      );
    const [, imported] = / import public key (\S+)/.exec(command) ?? [];
    const [, kind, set] = / set (\w+) key for \w+ to (\S+)/.exec(command) ?? [];
    const key = this.#keys[imported ?? set ?? ""];
    const filled = command
      .replace(/(?<=unencrypted:)\w+…/, (short) => whole(short, key?.publicKey))
      .replace(/BLsig…/, (short) => whole(short, key?.proof));
    await this.octez(...filled.split(" ").slice(1));
    if (kind !== undefined && key) this.#set.set(kind, key);
  }

  /** Asks for the delegate's keys until the one that was set is the active one. */
  async #waitFor(role: string, path: string): Promise<void> {
    const wanted = this.#set.get(role)?.address;
    await until(`the ${role} key ${wanted} counts`, 180, async () => {
      const { active, pendings } = JSON.parse(await this.octez("rpc", "get", path)) as KeysNow;
      if (active?.pkh === wanted) return true;
      assert.deepEqual(
        pendings.map(({ pkh }) => pkh),
        [wanted],
      );
      return false;
    });
  }

  /** Runs octez-client on a machine that reaches the baker's node as docs/guide/keys/index.md says. */
  async octez(...words: string[]): Promise<string> {
    const [reach] = stepsOf("index.md");
    const [, forward = ""] =
      /^kubectl --namespace prod (.*)$/.exec(reach && "command" in reach ? reach.command : "") ?? [];
    const { close } = await openPortForward(await this.stack.kubectlCommand(...forward.split(" ")));
    const env = { ...process.env, TEZOS_CLIENT_DIR: this.#wallet };
    try {
      return await run(process.execPath, [join(root, "octez-stand-in/octez-client.ts"), ...words], { env });
    } finally {
      await close();
    }
  }
}
