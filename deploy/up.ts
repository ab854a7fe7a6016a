import { clusterStatus } from "../local/cluster/localCluster.ts";
import { commonHelp, progress, runCommand, UsageError } from "./cli/command.ts";
import { ensureLocalCluster } from "./cluster/ownCluster.ts";
import { upWithCli, upWithKubectl } from "./engine/bringUp.ts";
import { hasPulumi, PulumiStack } from "./engine/pulumi.ts";
import { requireNoCloud } from "./engine/requiresCli.ts";
import { localClusterOf, readStack, runStack } from "./stack/stack.ts";

const help = `
npm run up -- [options]

Creates a stack, or updates it to its config. First creates the cluster if it is this machine's own, as the dev stack's
is. Uses the pulumi CLI if it is on PATH, and plain server-side apply otherwise.

  --yes                 do not ask; needed without a terminal if the pulumi CLI is used, unless the cluster is this
                        machine's own
${commonHelp}
`;

await runCommand({ help, switches: ["yes"] }, async (options) => {
  const started = Date.now();
  const stack = readStack(options);
  const local = localClusterOf(stack);
  const withCli = hasPulumi();
  const unasked = local !== undefined || options.has("yes");
  if (withCli && !unasked && !process.stdin.isTTY) throw new UsageError("found no terminal to ask on, wanted --yes");
  // Every problem of the config shows before anything is made. With the CLI the program runs later and checks the
  // config itself. It runs here as well only if a cluster would be made before that.
  const making = local && clusterStatus(local.name).state !== "running";
  const program = making || !withCli ? await runStack(stack) : undefined;
  if (program && !withCli) requireNoCloud(stack, program);
  const cluster = local && (await ensureLocalCluster(local));
  // A new cluster has none of the objects in Pulumi's state.
  if (withCli) await upWithCli(new PulumiStack(stack), { unasked, refresh: cluster === "fresh" });
  else if (program) await upWithKubectl(program);
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  progress(`stack ${stack.name} is up after ${seconds} s; npm run -s output prints what a signer needs`);
});
