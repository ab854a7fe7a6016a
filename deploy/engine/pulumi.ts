import { spawn } from "node:child_process";
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, hostname } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { dump } from "js-yaml";
import { isOnPath } from "../../infra/facts/onPath.ts";
import { root } from "../../local/machine/checkout.ts";
import { readJson } from "../../local/machine/json.ts";
import { run } from "../../local/machine/run.ts";
import type { Stack } from "../stack/stack.ts";
import { passphraseVariables } from "../stack/stackFile.ts";
import type { PulumiState } from "./pulumiState.ts";

/** Whether the pulumi CLI is on PATH. */
export function hasPulumi(): boolean {
  return isOnPath("pulumi");
}

/** The pulumi CLI for one stack, with the user's backend if there is one, and a folder in `.local/` otherwise. */
export class PulumiStack {
  private readonly stack: Stack;
  private readonly env: NodeJS.ProcessEnv;
  private readonly configFile: string;

  constructor(stack: Stack) {
    this.stack = stack;
    this.env = {
      ...process.env,
      ...passphraseVariables(stack.name),
      PULUMI_SKIP_UPDATE_CHECK: "true",
      ...backend(),
    };
    this.configFile = stack.hasOtherCluster ? writeDerivedConfig(stack) : stack.configFile;
  }

  /** Whether the backend has the stack. */
  async exists(): Promise<boolean> {
    const stacks = readJson(await this.ask(["stack", "ls", "--json"]), "pulumi stack ls") as { name: string }[];
    return stacks.some(({ name }) => name.split("/").at(-1) === this.stack.name);
  }

  /** Makes the stack in the backend. */
  async init(): Promise<void> {
    const usualFile = resolve(root, `Pulumi.${this.stack.name}.yaml`);
    const usual = existsSync(usualFile);
    await this.run(["stack", "init", this.stack.name, "--no-select", "--secrets-provider", "passphrase"]);
    // `init` has no --config-file. If the stack's config is elsewhere, it writes a new salt to the usual place.
    if (!usual) rmSync(usualFile, { force: true });
  }

  /** Runs `pulumi up` or `pulumi destroy`, with its output on stderr. */
  async update(verb: "up" | "destroy", options: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<void> {
    await this.run([verb, "--stack", this.stack.name, "--config-file", this.configFile, ...options], env);
  }

  /** The stack's outputs as JSON, as the last `up` left them. */
  outputs(): Promise<string> {
    return this.ask(["stack", "output", "--json", "--stack", this.stack.name]);
  }

  /** The backend's state of the stack, with its secrets encrypted. */
  async state(): Promise<PulumiState> {
    return readJson(
      await this.ask(["stack", "export", "--stack", this.stack.name]),
      "pulumi stack export",
    ) as PulumiState;
  }

  /** Replaces the backend's state of the stack. Keeps a copy of the state before, and returns its path. */
  async replaceState(before: PulumiState, after: PulumiState): Promise<string> {
    const copy = `.local/state-${this.stack.name}-${new Date().toISOString().replaceAll(":", "-")}.json`;
    mkdirSync(resolve(root, ".local"), { recursive: true });
    writeFileSync(resolve(root, copy), JSON.stringify(before, null, 2), { mode: 0o600 });
    await this.ask(["stack", "import", "--stack", this.stack.name], JSON.stringify(after));
    return copy;
  }

  /**
   * Removes the lock of a killed update, if its process ran on this machine and is gone.
   *
   * Only a file backend has such locks. Any other lock stays, and Pulumi names its owner.
   */
  async unlockAfterKill(): Promise<void> {
    const url = this.env.PULUMI_BACKEND_URL ?? "";
    if (!url.startsWith("file://")) return;
    const folder = join(fileURLToPath(url), ".pulumi/locks");
    const locks = globSync(`organization/*/${this.stack.name}/*.json`, { cwd: folder }).map(
      (file) => readJson(readFileSync(join(folder, file), "utf8"), file) as { pid: number; hostname: string },
    );
    if (locks.length === 0 || !locks.every((lock) => lock.hostname === hostname() && !isAlive(lock.pid))) return;
    await this.ask(["cancel", "--yes", "--stack", this.stack.name]);
  }

  private ask(words: string[], input = ""): Promise<string> {
    return run("pulumi", words, { cwd: root, env: this.env, input });
  }

  private async run(words: string[], env: NodeJS.ProcessEnv = {}): Promise<void> {
    const child = spawn("pulumi", words, { cwd: root, env: { ...this.env, ...env }, stdio: ["inherit", 2, 2] });
    const code = await new Promise<number | null>((done, fail) => {
      child.on("error", fail);
      child.on("close", done);
    });
    if (code !== 0) throw new Error(`pulumi ${words[0]}: ended with exit code ${code}`);
  }
}

function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}`);
}

/** The variables that select the backend: the one to which the user has logged in, or `.local/pulumi`. */
function backend(): NodeJS.ProcessEnv {
  const { PULUMI_ACCESS_TOKEN, PULUMI_BACKEND_URL, PULUMI_HOME } = process.env;
  if (PULUMI_BACKEND_URL || PULUMI_ACCESS_TOKEN) return {};
  const credentials = join(PULUMI_HOME ?? join(homedir(), ".pulumi"), "credentials.json");
  const current =
    existsSync(credentials) &&
    (readJson(readFileSync(credentials, "utf8"), credentials) as { current?: string }).current;
  if (current) return {};
  const folder = resolve(root, ".local/pulumi");
  mkdirSync(folder, { recursive: true });
  return { PULUMI_BACKEND_URL: `file://${folder}` };
}

/** Writes a stack's config with the cluster from `--context`. Its secrets stay encrypted. */
function writeDerivedConfig({ name, file }: Stack): string {
  const path = `.local/Pulumi.${name}.yaml`;
  mkdirSync(resolve(root, ".local"), { recursive: true });
  writeFileSync(resolve(root, path), dump(file), { mode: 0o600 });
  return path;
}
