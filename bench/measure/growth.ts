import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { hasPulumi } from "../../deploy/engine/pulumi.ts";
import { root } from "../../local/machine/checkout.ts";
import { run } from "../../local/machine/run.ts";
import { delegateOf } from "../../testbed/stackBakers.ts";
import { Stack, withoutPulumi } from "../../testbed/testStack.ts";
import { onExit } from "../base/cleanup.ts";
import { median, rounded } from "../base/statistics.ts";
import { makeTezosKey } from "../rig/signers.ts";
import type { CrowdSigner } from "./reconnectStorm.ts";

/** The numbers of bakers of the stacks that are compared. */
const bakerCounts = [1, 10, 30] as const;

/** How the time of a command grows with the number of a stack's bakers. */
export type GrowthRow = {
  readonly what: string;
  /** Seconds by the number of bakers: the median of some runs. */
  readonly seconds: Readonly<Record<string, number>>;
  /** Milliseconds for each further baker, from the least number of bakers to the greatest. */
  readonly perBaker: number;
};

/** A command, and what it does to a stack. */
type Command = { readonly what: string; run(stack: Stack): Promise<unknown> };

/** Measures commands on stacks with all these signers and 1, 10 and 30 bakers, of which no pod runs. */
export async function measureGrowth(
  signers: readonly CrowdSigner[],
  times: number,
  folder: string,
  progress: (line: string) => void,
): Promise<GrowthRow[]> {
  const stacks = bakerCounts.map((count) => makeStack(count, signers));
  const rows = [];
  if (hasPulumi()) rows.push(await timed(await makePreview(stacks, join(folder, "pulumi")), stacks, times, progress));
  else progress("bakers: pulumi preview is left out: found no pulumi CLI on PATH");
  for (const stack of stacks) {
    progress(`bakers: bringing the stack ${stack.name} up`);
    onExit(`the stack ${stack.name}`, () => withoutPulumi(() => stack.npm("down")));
    await withoutPulumi(() => stack.npm("up"));
  }
  for (const command of [
    { what: "`up` with nothing to change", run: (stack: Stack) => withoutPulumi(() => stack.npm("up")) },
    { what: "`render`", run: (stack: Stack) => stack.npm("render") },
  ]) {
    rows.push(await timed(command, stacks, times, progress));
  }
  return rows;
}

/** Runs a command on each stack, in turn, so that the machine's drift affects all alike. */
async function timed(
  { what, run }: Command,
  stacks: readonly Stack[],
  times: number,
  progress: (line: string) => void,
): Promise<GrowthRow> {
  progress(`bakers: ${what}`);
  const taken = new Map<Stack, number[]>(stacks.map((stack) => [stack, []]));
  for (let n = 0; n < times; n++) {
    for (const [stack, seconds] of taken) {
      const started = performance.now();
      await run(stack);
      seconds.push((performance.now() - started) / 1000);
    }
  }
  const medians = [...taken.values()].map(median);
  const further = (bakerCounts.at(-1) as number) - bakerCounts[0];
  return {
    what,
    seconds: Object.fromEntries(bakerCounts.map((count, i) => [count, rounded(medians[i] as number)])),
    perBaker: rounded((1000 * ((medians.at(-1) as number) - (medians[0] as number))) / further),
  };
}

function makeStack(count: number, signers: readonly CrowdSigner[]): Stack {
  const stack = new Stack(`bench-${count}`, 30100 + count);
  stack.change((settings) => {
    settings.signers = signers.map(({ name, port, keys }) => ({ name, port, sshPublicKey: keys.public }));
    settings.bakers = signers.slice(0, count).map(({ name }) => ({
      name,
      network: "sandbox",
      delegates: [delegateOf({ ...makeTezosKey(), name: "main", signer: name })],
      // No node has a thousand cores: the pods stay pending, and only what makes them is measured.
      resources: { node: { requests: { cpu: "1k", memory: "1Gi" } } },
    }));
  });
  return stack;
}

/** `pulumi preview` of stacks that are not made: with pending pods the CLI would wait until its `up` fails. */
async function makePreview(stacks: readonly Stack[], backend: string): Promise<Command> {
  mkdirSync(backend, { recursive: true });
  const pulumi = ({ name, passphrase }: Stack, ...words: string[]): Promise<string> => {
    const own = { PULUMI_BACKEND_URL: `file://${backend}`, PULUMI_CONFIG_PASSPHRASE: passphrase };
    const env = { ...process.env, ...own, PULUMI_SKIP_UPDATE_CHECK: "true" };
    return run("pulumi", [...words, "--stack", name, "--non-interactive"], { cwd: root, env });
  };
  for (const stack of stacks) {
    await pulumi(stack, "stack", "init", "--no-select", "--secrets-provider", "passphrase");
    // It writes a salt beside Pulumi.yaml, though the stack's config is elsewhere.
    rmSync(join(root, `Pulumi.${stack.name}.yaml`), { force: true });
  }
  return {
    what: "`pulumi preview` of a stack that is not made",
    run: (stack) => pulumi(stack, "preview", "--config-file", stack.configFile),
  };
}
