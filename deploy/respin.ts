import { ensureTools } from "../local/tools.ts";
import { upWithCli, upWithKubectl } from "./bringUp.ts";
import { commonHelp, progress, runCommand } from "./command.ts";
import { confirm } from "./confirm.ts";
import { addressText, awaitSigners, connectedSigners, examine } from "./findings.ts";
import { clusterOf, kubectlFor, namespaceOf } from "./kubectl.ts";
import { ensureLocalCluster } from "./localCluster.ts";
import { manifestsOf } from "./manifests.ts";
import { project } from "./program.ts";
import { hasPulumi, PulumiStack } from "./pulumi.ts";
import { hasObjects, withoutDead } from "./pulumiState.ts";
import { type LostBaker, planOf } from "./respinPlan.ts";
import { clusterConfigOf, localClusterOf, ownerOfCluster, readStack, runStack } from "./stack.ts";
import { Steps } from "./steps.ts";

const help = `
npm run respin -- [options]

Brings a stack back after a disaster. Looks at what is left of it (the cluster, the objects in it, the bakers' volumes, Pulumi's
state), says what it will do and what can't come back, asks once, does it, and waits until the signers are connected again.
Interrupted at any point, it can be run again. Prints the seconds that each step took on stdout.

  --yes                 do not ask; needed without a terminal
${commonHelp}
`;

/** How long the signers have for dialling in again: they try each second, and a forwarder is reachable at once. */
const reconnectSeconds = 120;

/** Lets Pulumi take what is in the cluster already for its own: objects of a lost state, or of an interrupted run. */
const adopting = { PULUMI_K8S_UPSERT_EXISTING_OBJECTS: "true", PULUMI_K8S_ENABLE_PATCH_FORCE: "true" };

await runCommand({ help, switches: ["yes"] }, async (options) => {
  const stack = readStack(options);
  const local = localClusterOf(stack);
  if (clusterConfigOf(ownerOfCluster(stack)).kind === "gke") {
    // Where that cluster is stands in Pulumi's state alone: one that is only not found must not be taken for lost.
    throw new Error("cluster.kind: found gke, wanted existing; a cluster of Google's is brought back by npm run up");
  }
  const program = await runStack(stack);
  const { helm, kubectl: binary } = await ensureTools(["helm", "kubectl"], progress);
  const objects = await manifestsOf(program, helm);
  const namespace = namespaceOf(objects);
  const cluster = clusterOf(program);
  const kubectl = kubectlFor(binary, cluster);
  const pulumi = hasPulumi() ? new PulumiStack(stack) : undefined;

  const findings = await examine(kubectl, namespace, objects, local);
  const known = pulumi && (await pulumi.exists()) ? await pulumi.state() : undefined;
  const isGone = findings.cluster === "absent" || findings.cluster === "silent";
  const cleaned = known && withoutDead(known, ({ context }) => isGone || context !== cluster.context);
  const lostOwners = new Set(findings.lostClaims.map(({ owner }) => owner));
  const bakers = (stack.file.config?.[`${project}:bakers`] ?? []) as LostBaker[];
  const plan = planOf({
    findings,
    address: addressText(cluster),
    maker: local ? "local" : "nobody",
    ...(pulumi && { state: { found: known !== undefined && hasObjects(known), dead: cleaned?.dropped ?? 0 } }),
    bakers: bakers.filter(({ name }) => lostOwners.has(`baker-${name}`)),
    signers: signersOf(program.outputs),
  });
  say("found", plan.found);
  say("will", plan.will);
  say("does not come back", plan.lost);
  if (plan.blocked) throw new Error(plan.blocked);
  if (!options.has("yes")) await confirm(`Respin stack ${stack.name}?`, stack.name);

  const steps = new Steps();
  if (local) await steps.run("the cluster", () => ensureLocalCluster(local));
  if (pulumi) {
    await pulumi.unlockAfterKill();
    if (known && cleaned && cleaned.dropped + cleaned.interrupted > 0) {
      const copy = await steps.run("Pulumi's state", () => pulumi.replaceState(known, cleaned.state));
      progress(`the state as it was is in ${copy}`);
    }
    await steps.run("pulumi up", () => upWithCli(pulumi, { unasked: true, refresh: true, env: adopting }));
  } else await steps.run("the stack's objects", () => upWithKubectl(program));
  const missing = await steps.run("the signers", () =>
    awaitSigners(() => connectedSigners(kubectl, namespace), plan.awaited, reconnectSeconds),
  );
  process.stdout.write(steps.report());
  if (missing.length > 0) {
    throw new Error(
      `signers: found no tunnel of ${missing.join(", ")} after ${reconnectSeconds} s; the stack is up, look at their hosts`,
    );
  }
});

function signersOf(outputs: Record<string, unknown>): string[] {
  return Object.keys((outputs.signers ?? {}) as Record<string, unknown>);
}

function say(heading: string, lines: readonly string[]): void {
  if (lines.length > 0) progress([`${heading}:`, ...lines.map((line) => `  - ${line}`)].join("\n"));
}
