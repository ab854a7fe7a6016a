import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { octezAccuser, octezBaker, octezDalNode, octezNode, type Program } from "../../infra/octez/options.ts";
import { readCommandLine } from "../../infra/octez/readArguments.ts";
import { root } from "../../local/machine/checkout.ts";
import { run } from "../../local/machine/run.ts";
import { ensureTools } from "../../local/toolchain/tools.ts";
import type { Manifest } from "./manifest.ts";
import { readManifests } from "./manifests.ts";

// The tables of options are Octez's own, and the chart's arguments are held against them in whole command lines.

type Container = { readonly command: readonly string[]; readonly args: readonly string[] };
type Pod = { readonly initContainers: readonly Container[]; readonly containers: readonly Container[] };
/** A program, and what it is started with. */
type CommandLine = readonly [program: string, ...args: string[]];

const programs: Readonly<Record<string, Program>> = {
  "octez-node": octezNode,
  "octez-baker": octezBaker,
  "octez-accuser": octezAccuser,
  "octez-dal-node": octezDalNode,
};

const key = {
  name: "main",
  address: "tz1VSUr8wwNhLAzempoch5d6hLRiTh8Cjcjb",
  publicKey: "edpkvGfYw3LyB1UcCahKQk4rF2tvbMUk8GFiTuMjL75uGXrpvKXhjn",
  signerUrl: "http://signer-home.prod.svc.cluster.local:8443",
};
const least = { network: "mainnet", delegates: [key.address], keys: [key] };
const most = {
  ...least,
  keys: [key, { ...key, name: "next" }, { ...key, name: "companion" }],
  authentication: { address: key.address, publicKey: key.publicKey, secretName: "authentication" },
  snapshot: { url: "https://snapshots.example.org/rolling", sha256: "0f".repeat(32), blockHash: `B${"L".repeat(50)}` },
  historyMode: "rolling:5",
  dal: { addressConfigMap: "dal-address" },
  p2p: { service: { type: "NodePort", nodePort: 30732 } },
  remoteCallsTimeout: 2.5,
  operations: { minimalFees: 200, minimalNanotezPerGasUnit: 0.5, minimalNanotezPerByte: 1e6 },
  monitoring: { kind: "PodMonitor", namespace: "monitoring" },
  extraArgs: {
    node: ["--synchronisation-threshold", "4"],
    dalNode: ["--verbose"],
    baker: ["--record-state"],
    accuser: ["--preserved-levels", "300"],
  },
};
const sets: Readonly<Record<string, object>> = {
  "with what it needs at least": least,
  "with all that it may have": most,
  "without the DAL": { ...most, dal: { enabled: false } },
  "with further nodes": { ...most, extraNodes: ["http://node.example.org:8732", "https://other.example.org"] },
};

/** The command lines of all Octez programs in the pod that the chart renders. */
async function commandLines(values: object): Promise<CommandLine[]> {
  const { helm } = await ensureTools(["helm"], console.error);
  const words = ["template", "baker-main", join(root, "charts/baker"), "--namespace", "prod", "--values", "-"];
  const text = await run(helm, [...words, "--show-only", "templates/statefulset.yaml"], {
    input: JSON.stringify(values),
  });
  const [statefulSet] = readManifests(text) as (Manifest & { spec: { template: { spec: Pod } } })[];
  assert.ok(statefulSet);
  const { containers, initContainers } = statefulSet.spec.template.spec;
  return [...initContainers.flatMap(({ args: [script = ""] }) => commandsIn(script)), ...containers.map(commandOf)];
}

/** What a container starts: a program, or a script that ends with a program and all its arguments. */
function commandOf({ args, command }: Container): CommandLine {
  const [program = "", , script, name = ""] = command;
  if (program !== "/bin/sh") return [program.replace("/usr/local/bin/", ""), ...args];
  assert.match(script ?? "", new RegExp(`\\nexec ${name} "\\$@"\\n?$`));
  return [name, ...args];
}

/** The commands of Octez in a script, as if each of its variables were set. A command that is a variable is each of its values. */
function commandsIn(script: string): CommandLine[] {
  const steps = script
    .replaceAll("\\\n", " ")
    .replaceAll(/\$\{\w+:\+(.*?)\}/g, "$1")
    .split(/[;\n]/);
  const choices = [...script.matchAll(/\bcommand=(\w+)/g)].map(([, choice]) => choice as string);
  return steps.flatMap((step) => {
    const [, program = "", rest = ""] = /^(?:\s*(?:then|else|do)\b)?\s*(octez-[a-z-]+) (.*)$/.exec(step) ?? [];
    const args = [...rest.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? "");
    if (program === "") return [];
    return args.includes("$command")
      ? choices.map((choice): CommandLine => [program, ...args.map((arg) => (arg === "$command" ? choice : arg))])
      : [[program, ...args] as CommandLine];
  });
}

/** A command line as Octez reads it: the command, the words behind it, and what Octez would refuse. */
function read([name, ...args]: CommandLine) {
  const program = programs[name];
  assert.ok(program, `${name} has no table`);
  const { after, before, command } = readCommandLine(args, program);
  return { command: `${name} ${command}`, words: after.words, mistakes: [...before.mistakes, ...after.mistakes] };
}

describe("Octez knows every argument of every program in a baker's pod", () => {
  for (const [name, values] of Object.entries(sets))
    test(name, async () => {
      for (const line of await commandLines(values)) assert.deepEqual(read(line).mistakes, [], line.join(" "));
    });
});

test("all commands are found, with the words that are no options", async () => {
  const found = (await commandLines(most)).map(read).map(({ command, words }) => [command, ...words]);
  assert.deepEqual(found, [
    ["octez-node config init"],
    ["octez-node config reset"],
    ["octez-node identity generate"],
    ["octez-node snapshot import", "$file"],
    ["octez-node upgrade storage"],
    ["octez-node run"],
    ["octez-baker run with local node", "/var/run/tezos/node/data", "main", "next", "companion"],
    ["octez-accuser run"],
    ["octez-dal-node run"],
  ]);
});

test("an argument that Octez does not know is found", async () => {
  const lines = await commandLines({ ...most, extraArgs: { dalNode: ["--adaptive"], baker: ["--adaptive"] } });
  const mistakes = lines.map(read).flatMap(({ command, mistakes }) => mistakes.map(({ option }) => [command, option]));
  assert.deepEqual(mistakes, [
    ["octez-baker run with local node", "--adaptive"],
    ["octez-dal-node run", "--adaptive"],
  ]);
});
