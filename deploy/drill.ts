import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { bakerRelease } from "../infra/names/releaseNames.ts";
import { clusterDown } from "../local/cluster/localCluster.ts";
import { root } from "../local/machine/checkout.ts";
import { ensureTools } from "../local/toolchain/tools.ts";
import { commonHelp, type Options, progress, runCommand, UsageError } from "./cli/command.ts";
import { confirm } from "./cli/confirm.ts";
import { kubectlFor } from "./cluster/kubectl.ts";
import { DrilledSigner, drilledKeys, firstSignature } from "./recovery/drilledSigner.ts";
import { localClusterOf, readStack } from "./stack/stack.ts";

const help = `
npm run drill -- [options]

Practises the disaster on this machine's own cluster: brings the stack up, has every signer of its bakers sign (with the
development keys), destroys the cluster with all its storage, respins, and prints on stdout how many seconds after the
disaster each signer signed again. Fails if a signer does not sign again or saw another host key. The signers get no
notice.

  --yes                 do not ask; needed without a terminal: the cluster is destroyed with everything in it
${commonHelp}
`;

/** The time-out for a signer's first signature, before the disaster and after the respin. */
const timeoutSeconds = 120;

await runCommand({ help, switches: ["yes"] }, async (options) => {
  const stack = readStack(options);
  const local = localClusterOf(stack);
  if (!local)
    throw new UsageError("found a stack whose cluster is not this machine's own, which a drill must not destroy");
  const keys = drilledKeys(stack);
  if (keys.length === 0) throw new UsageError("found a stack without bakers' keys, wanted one whose signers can sign");
  if (!options.has("yes"))
    await confirm(`Destroy the local cluster ${local.name} and respin stack ${stack.name}?`, stack.name);

  await ours("up", options);
  const outputs = resolve(root, `.local/drill-${stack.name}.json`);
  mkdirSync(resolve(root, ".local"), { recursive: true });
  writeFileSync(outputs, await ours("output", options));
  const { kubectl: binary } = await ensureTools(["kubectl"], progress);
  const kubectl = kubectlFor(binary, { kubeconfig: local.kubeconfig });
  const names = [...new Set(keys.map(({ signer }) => signer))];
  const signers = names.map((name) => new DrilledSigner(name, stack.name, outputs));
  try {
    const began = new Date();
    progress(`waiting until every key has signed: ${keys.map(({ alias }) => alias).join(", ")}`);
    for (const key of keys) await signature(key, began);

    progress("the disaster: the cluster is destroyed, with its storage");
    const disaster = new Date();
    await clusterDown(local.name, () => {});
    const steps = await ours("respin", options, "--yes");
    const rows = [];
    for (const key of keys) rows.push({ ...key, seconds: (await signature(key, disaster)) - disaster.getTime() });
    const changed = signers.filter((signer) => signer.sawAnotherHostKey()).map(({ name }) => name);
    const died = signers.filter((signer) => !signer.isRunning()).map(({ name }) => name);
    process.stdout.write(`${steps}\nseconds from the disaster to the first signature:\n`);
    for (const { alias, signer, seconds } of rows) {
      process.stdout.write(`${(seconds / 1000).toFixed(1).padStart(7)} s  ${alias}, on signer ${signer}\n`);
    }
    if (changed.length > 0) throw new Error(`host key: found another one at ${changed.join(", ")}, wanted the same`);
    if (died.length > 0)
      throw new Error(`signers: found that of ${died.join(", ")} ended, wanted it to dial until it is back`);
    process.stdout.write("no signer saw a changed host key\n");
  } finally {
    await Promise.all(signers.map((signer) => signer.stop()));
  }

  /** Waits for a key's first signature after `since`. Returns its time in milliseconds, as Date.now() does. */
  async function signature(key: { alias: string; signer: string; baker: string }, since: Date): Promise<number> {
    const deadline = Date.now() + timeoutSeconds * 1000;
    for (;;) {
      const words = ["logs", `statefulset/${bakerRelease(key.baker)}`, "--container", "octez-baker", "--timestamps"];
      const from = ["--namespace", stack.name, `--since-time=${since.toISOString()}`];
      const time = firstSignature(await kubectl([...words, ...from]).catch(() => ""), key.alias, since);
      if (time !== undefined) return time;
      if (Date.now() > deadline) {
        const said = signers.find(({ name }) => name === key.signer)?.output() ?? "";
        throw new Error(`${key.alias}: found no signature within ${timeoutSeconds} s; its signer said:\n${said}`);
      }
      await sleep(200);
    }
  }
});

/** Runs another command of this project on the same stack, with its progress on stderr. Returns its stdout. */
async function ours(command: string, { stack, configFile }: Options, ...words: string[]): Promise<string> {
  const file = resolve(root, configFile);
  const child: ChildProcess = spawn(
    process.execPath,
    [`deploy/${command}.ts`, "--stack", stack, "--config-file", file, ...words],
    { cwd: root, stdio: ["ignore", "pipe", "inherit"] },
  );
  let text = "";
  child.stdout?.on("data", (data) => {
    text += data;
  });
  const code = await new Promise<number | null>((done, fail) => {
    child.on("error", fail);
    child.on("close", done);
  });
  if (code !== 0) throw new Error(`npm run ${command}: ended with exit code ${code}`);
  return text;
}
