import { clusterStatus } from "../local/cluster/localCluster.ts";
import { commonHelp, progress, runCommand, UsageError } from "./cli/command.ts";
import { ensureLocalCluster } from "./cluster/ownCluster.ts";
import { upWithCli, upWithKubectl } from "./engine/bringUp.ts";
import { hasPulumi, PulumiStack } from "./engine/pulumi.ts";
import { requireNoCloud } from "./engine/requiresCli.ts";
import { localClusterOf, readStack, runStack } from "./stack/stack.ts";

const help = `
npm run up -- [options]

Brings a stack up, or up to date. A stack whose cluster is this machine's own (the dev stack is) gets that cluster
made first. Uses the pulumi CLI where it is on PATH, and plain server-side apply elsewhere.

  --yes                 do not ask; the pulumi CLI asks, and needs this without a terminal, unless the cluster is this machine's own
${commonHelp}
`;

await runCommand({ help, switches: ["yes"] }, async (options) => {
  const started = Date.now();
  const stack = readStack(options);
  const local = localClusterOf(stack);
  const withCli = hasPulumi();
  const unasked = local !== undefined || options.has("yes");
  if (withCli && !unasked && !process.stdin.isTTY) throw new UsageError("found no terminal to ask on, wanted --yes");
  // Every problem of the config shows before anything is made. With the CLI the program checks it itself; here it
  // runs ahead only where a cluster would be made before that.
  const making = local && clusterStatus(local.name).state !== "running";
  const program = making || !withCli ? await runStack(stack) : undefined;
  if (program && !withCli) requireNoCloud(stack, program);
  const cluster = local && (await ensureLocalCluster(local));
  // A cluster that was made anew has nothing of what the state remembers.
  if (withCli) await upWithCli(new PulumiStack(stack), { unasked, refresh: cluster === "fresh" });
  else if (program) await upWithKubectl(program);
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  progress(`stack ${stack.name} is up after ${seconds} s; npm run -s output prints what a signer needs`);
});
