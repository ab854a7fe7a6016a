import { bakerRelease } from "../infra/names/releaseNames.ts";
import { ensureTools } from "../local/toolchain/tools.ts";
import { commonHelp, progress, runCommand } from "./cli/command.ts";
import { confirm } from "./cli/confirm.ts";
import { Steps } from "./cli/stopwatch.ts";
import { type ClusterAddress, kubectlFor } from "./cluster/kubectl.ts";
import { ensureLocalCluster } from "./cluster/ownCluster.ts";
import { upWithCli, upWithKubectl } from "./engine/bringUp.ts";
import { addressOfCluster, isInCloud } from "./engine/clusterAddress.ts";
import { hasPulumi, PulumiStack } from "./engine/pulumi.ts";
import { hasObjects, withoutDead } from "./engine/pulumiState.ts";
import { requireNoCloud } from "./engine/requiresCli.ts";
import { findBackups } from "./recovery/backups.ts";
import { addressText, awaitSigners, connectedSigners, examine, replicasIn } from "./recovery/remains.ts";
import { type Maker, planOf } from "./recovery/respinPlan.ts";
import { baseDirOf, restoreBaseDir } from "./recovery/restoreBaseDir.ts";
import { manifestsOf } from "./stack/manifests.ts";
import { project } from "./stack/project.ts";
import { localClusterOf, ownerOfCluster, readStack, runStack, type Stack } from "./stack/stack.ts";

const help = `
npm run respin -- [options]

Brings a stack back after a disaster. Looks at what is left of it (the cluster, the objects in it, the bakers' volumes, Pulumi's
state), says what it will do and what can't come back, asks once, does it, and waits until the signers are connected again.
Interrupted at any point, it can be run again. Prints the seconds that each step took on stdout.

  --yes                 do not ask; needed without a terminal
${commonHelp}
`;

/** The time-out for the signers to dial in again. They retry each second, and a forwarder is reachable at once. */
const reconnectSeconds = 120;

/** Lets Pulumi adopt objects that the cluster already has, from a lost state or an interrupted run. */
const adopting = { PULUMI_K8S_UPSERT_EXISTING_OBJECTS: "true", PULUMI_K8S_ENABLE_PATCH_FORCE: "true" };
const recovering = { unasked: true, refresh: true, env: adopting };

/** A baker in the config, reduced to the fields that a respin reads. */
type BakerOfConfig = { readonly name: string; readonly snapshot?: { readonly url: string } };

await runCommand({ help, switches: ["yes"] }, async (options) => {
  const stack = readStack(options);
  const local = localClusterOf(stack);
  const program = await runStack(stack);
  const pulumi = hasPulumi() ? new PulumiStack(stack) : undefined;
  if (!pulumi) requireNoCloud(stack, program);
  // Tools are built at their first use, so that an error that needs none does not wait for them.
  const tools = () => ensureTools(["helm", "kubectl"], progress);
  const kubectlAt = async (address: ClusterAddress) => kubectlFor((await tools()).kubectl, address);
  const objects = await manifestsOf(program, async () => (await tools()).helm);

  const address = await addressOfCluster(stack, program, pulumi);
  const kubectlBefore = address && (await kubectlAt(address));
  const remains = await examine(kubectlBefore, stack.name, objects, local);
  const known = pulumi && (await pulumi.exists()) ? await pulumi.state() : undefined;
  // This machine's own cluster starts again with the data that it has, unless it has none.
  const isGone = remains.cluster === "absent" || (remains.cluster === "silent" && !local);
  const cleaned = known && withoutDead(known, ({ context }) => isGone || context !== address?.context);
  const lostOwners = new Set(remains.lostClaims.map(({ owner }) => owner));
  const bakers = ((stack.file.config?.[`${project}:bakers`] ?? []) as BakerOfConfig[]).filter(({ name }) =>
    lostOwners.has(bakerRelease(name)),
  );
  const { snapshots, missed } = await findBackups(
    stack,
    bakers.map(({ name }) => name),
    { kubectl: remains.cluster === "answers" ? kubectlBefore : undefined, local },
  );
  const plan = planOf({
    remains,
    address: address ? addressText(address) : "one of Google's, that Pulumi's state knows nothing of",
    maker: makerOf(stack, local !== undefined),
    ...(pulumi && { state: { found: known !== undefined && hasObjects(known), dead: cleaned?.dropped ?? 0 } }),
    bakers: bakers.map(({ name, snapshot }) => ({
      name,
      snapshotUrl: snapshot?.url,
      backup: snapshots.get(name)?.[0]?.taken,
    })),
    signers: signersOf(program.outputs),
  });
  say("found", [...plan.found, ...(missed ? [missed] : [])]);
  say("will", plan.will);
  say("does not come back", plan.lost);
  if (plan.blocked) throw new Error(plan.blocked);
  if (!options.has("yes")) await confirm(`Respin stack ${stack.name}?`, stack.name);
  // All tools are built before anything changes.
  await tools();

  const steps = new Steps();
  if (local) await steps.run("the cluster", () => ensureLocalCluster(local));
  if (pulumi) {
    await pulumi.unlockAfterKill();
    if (known && cleaned && cleaned.dropped + cleaned.interrupted > 0) {
      const copy = await steps.run("Pulumi's state", () => pulumi.replaceState(known, cleaned.state));
      progress(`the state as it was is in ${copy}`);
    }
    // A base dir must exist before its baker, and the cluster before both.
    if (snapshots.size > 0 && isInCloud(stack) && remains.cluster !== "answers") {
      await steps.run("the cluster", () => upWithCli(pulumi, { ...recovering, only: "**GkeCluster**" }));
    }
  }
  const kubectlNow = async () => kubectlAt((await addressOfCluster(stack, program, pulumi)) ?? {});
  for (const baker of bakers) {
    const own = snapshots.get(baker.name) ?? [];
    if (own.length === 0) continue;
    const kubectl = await kubectlNow();
    await steps.run(`the base dir of ${baker.name}`, () =>
      restoreBaseDir(kubectl, stack.name, baseDirOf(baker.name, objects), own),
    );
  }
  if (pulumi) await steps.run("pulumi up", () => upWithCli(pulumi, recovering));
  else await steps.run("the stack's objects", () => upWithKubectl(program));
  const kubectl = await kubectlNow();
  const missing = await steps.run("the signers", () =>
    awaitSigners(() => connectedSigners(kubectl, stack.name, replicasIn(objects)), plan.awaited, reconnectSeconds),
  );
  process.stdout.write(steps.report());
  if (missing.length > 0) {
    throw new Error(
      `signers: found no tunnel of ${missing.join(", ")} after ${reconnectSeconds} s; the stack is up, look at their hosts`,
    );
  }
});

/** The maker that can make the stack's cluster again. */
function makerOf(stack: Stack, isLocal: boolean): Maker {
  if (isLocal) return "local";
  const owner = ownerOfCluster(stack);
  if (owner.name !== stack.name) return { stack: owner.name };
  return isInCloud(stack) ? "cloud" : "nobody";
}

/** The signers that can dial in: those whose key the config has. */
function signersOf(outputs: Record<string, unknown>): string[] {
  const signers = (outputs.signers ?? {}) as Record<string, { readonly sshPublicKeys: readonly string[] }>;
  return Object.entries(signers).flatMap(([name, { sshPublicKeys }]) => (sshPublicKeys.length > 0 ? [name] : []));
}

function say(heading: string, lines: readonly string[]): void {
  if (lines.length > 0) progress([`${heading}:`, ...lines.map((line) => `  - ${line}`)].join("\n"));
}
