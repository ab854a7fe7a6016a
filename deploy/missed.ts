import { show } from "../infra/config/configError.ts";
import { bakerRelease } from "../infra/names/releaseNames.ts";
import { commonOptions, progress, runCommand, UsageError } from "./cli/command.ts";
import { routerOf } from "./cluster/bakerRouter.ts";
import type { ForwarderPod } from "./cluster/forwarderPod.ts";
import { openPortForward } from "./cluster/portForward.ts";
import { reachForwarder } from "./engine/reach.ts";
import { ChainReader, type Get } from "./missed/chainReader.ts";
import { dutiesOf } from "./missed/duties.ts";
import { type GatewayLog, readGatewayLog } from "./missed/gatewayLog.ts";
import { chooseLevels, type LevelRange, parseLevels } from "./missed/levelRange.ts";
import { type BakerReport, exitCodeOf, jsonOf, linesOf, reportOn } from "./missed/report.ts";
import { readStack, runStack } from "./stack/stack.ts";

const help = `
npm run missed -- [options]

"Was it us?" Looks for the levels at which a key of the stack's bakers had the right to attest or to bake, and whose
signature is not on the chain, and says what the router's log has of each: never asked, asked late, refused, no answer,
signed late, or signed in time but not included, which is not us. It asks the bakers' nodes, and needs no request of a
signature. docs/guide/missed.md explains the lines.

  --levels A..B         look at these levels; the last 100 that are final unless given
  --baker NAME          look at this baker of the stack alone
  --json                prints what it found as JSON
${commonOptions}

Exit codes: 0 nothing missed that was ours, 1 something missed was ours to mend, or the command failed, 2 can't tell, or
usage error. Progress goes to stderr.
`;

/** How long a node may take for an answer. One about the rights at ten levels costs it 70,000 draws. */
const answerMs = 60_000;

/** The signers of each key of a baker, by address. */
type KeysOutput = Readonly<Record<string, string | readonly string[]>>;

await runCommand({ help, switches: ["json"], valued: ["levels", "baker"] }, async (options) => {
  const given = options.value("levels");
  const wanted = given === undefined ? undefined : parseLevels(given);
  const stack = readStack(options);
  const program = await runStack(stack);
  const bakers = chosenBakers(program.outputs.bakers as Record<string, { keys: KeysOutput }>, options.value("baker"));
  const {
    pods: [pod],
  } = await reachForwarder(stack, program);
  const nameOf = namesOfKeys(program.outputs.signers as Record<string, { keys: { name: string; address: string }[] }>);
  const reports: BakerReport[] = [];
  for (const [baker, { keys }] of bakers) {
    const judge = await lookAt(baker, keys, pod, wanted);
    reports.push(judge(await logOf(pod, baker)));
  }
  const text = options.has("json")
    ? jsonOf(reports, nameOf)
    : reports.flatMap((each) => linesOf(each, nameOf)).join("\n");
  process.stdout.write(`${text}\n`);
  return exitCodeOf(reports);
});

function chosenBakers(
  bakers: Record<string, { keys: KeysOutput }>,
  name: string | undefined,
): [string, { keys: KeysOutput }][] {
  const chosen = Object.entries(bakers).filter(([each]) => name === undefined || each === name);
  if (chosen.length > 0) return chosen;
  const found = name === undefined ? "none in the stack's config" : show(name);
  throw new UsageError(
    `--baker: found ${found}, wanted one of its bakers: ${Object.keys(bakers).join(", ") || "there is none"}`,
  );
}

/** Gives the name of a key in the config. */
function namesOfKeys(signers: Record<string, { keys: { name: string; address: string }[] }>): (key: string) => string {
  const names = new Map(Object.values(signers).flatMap(({ keys }) => keys.map(({ address, name }) => [address, name])));
  return (key) => names.get(key) ?? key;
}

/** Looks at a baker's levels on the chain. Returns what makes the report of them from its router's log. */
async function lookAt(
  baker: string,
  keys: KeysOutput,
  pod: ForwarderPod,
  wanted: LevelRange | undefined,
): Promise<(log: GatewayLog) => BakerReport> {
  const forward = await openPortForward(pod.command("port-forward", `statefulset/${bakerRelease(baker)}`, ":8732"));
  try {
    const chain = new ChainReader(nodeAt(forward.port, baker), Object.keys(keys));
    const levels = chooseLevels(wanted, await chain.known());
    const facts = await chain.facts(levels.from, levels.to, (level) => progress(`baker ${baker}: level ${level}`));
    const signersOf = (key: string) => [keys[key] ?? []].flat();
    const duties = facts.flatMap(dutiesOf);
    return (log) => reportOn(baker, levels, duties, log, Object.keys(keys), signersOf);
  } finally {
    await forward.close();
  }
}

function nodeAt(port: number, baker: string): Get {
  return async (path) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(answerMs) }).catch(
      (error: Error) => {
        throw new Error(
          `node of baker ${baker}, ${path}: found no answer (${(error.cause as Error)?.message ?? error.message}), wanted one`,
        );
      },
    );
    if (response.ok) return response.json();
    throw new Error(`node of baker ${baker}, ${path}: found HTTP status ${response.status}, wanted 200`);
  };
}

/** The log of a baker's router, and of its container before if that has ended. */
async function logOf(pod: ForwarderPod, baker: string): Promise<GatewayLog> {
  const words = ["logs", ...routerOf(baker), "--timestamps"];
  const [current, previous] = await Promise.all([pod.kubectl(...words), pod.kubectl(...words, "--previous")]);
  if (current.code !== 0) throw new Error(`kubectl logs: ${current.all.trim()}`);
  return readGatewayLog(current.stdout, previous.code === 0 ? previous.stdout : "");
}
