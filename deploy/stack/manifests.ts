import { availableParallelism } from "node:os";
import { Readable } from "node:stream";
import {
  boolYaml11Tag,
  DUMP_SCHEMA,
  dump,
  FAILSAFE_SCHEMA,
  floatCoreTag,
  intCoreTag,
  intYaml11Tag,
  loadAll,
  mergeTag,
  NOT_RESOLVED,
  nullCoreTag,
  Schema,
} from "js-yaml";
import { run } from "../../local/machine/run.ts";
import { requireDistinctNames } from "./distinctNames.ts";
import { fraction, wholeNumber } from "./goNumbers.ts";
import { isNamespace, type Manifest } from "./manifest.ts";
import type { ProgramRun, Registered } from "./runProgram.ts";

/**
 * The objects that a run of the program would make in the cluster, without resources outside of it.
 *
 * helm renders the charts with exactly the values that the program passes. `findHelm` is called once, and only if there
 * is a chart. Throws if two objects have the same name.
 */
export async function manifestsOf(program: ProgramRun, findHelm: () => Promise<string>): Promise<Manifest[]> {
  const helm = program.resources.some(isChart) ? await findHelm() : "";
  // A helm takes a core and 50 MiB, so that more of them than cores take memory and save no time.
  const rendered = Readable.from(program.resources).map((resource: Registered) => objectsOf(resource, helm), {
    concurrency: availableParallelism(),
  });
  const objects = ((await rendered.toArray()) as Manifest[][]).flat();
  requireDistinctNames(objects);
  // A namespace comes before its objects. Apart from that, the order does not matter to Kubernetes.
  return [...objects.filter(isNamespace), ...objects.filter((object) => !isNamespace(object))];
}

function isChart({ type }: Registered): boolean {
  return type === "kubernetes:helm.sh/v4:Chart";
}

async function objectsOf(resource: Registered, helm: string): Promise<Manifest[]> {
  const { type, name, inputs } = resource;
  if (isChart(resource)) return await renderChart(inputs, helm);
  if (!type.startsWith("kubernetes:")) return [];
  if (typeof inputs.kind === "string") return [inputs as Manifest];
  throw new Error(`resource ${name}: found type ${type}, which only the pulumi CLI can make`);
}

/**
 * helm without collection of garbage, which is a quarter of its time: 80 instead of 105 ms of a CPU for a baker.
 * It makes 50 MiB; Go collects all the same before it has ten times that.
 */
const helmEnvironment = { GOGC: "off", GOMEMLIMIT: "500MiB" };

async function renderChart(inputs: Record<string, unknown>, helm: string): Promise<Manifest[]> {
  const { name, namespace, chart, values } = inputs as Record<"name" | "namespace" | "chart", string> & {
    values: unknown;
  };
  const words = ["template", name, chart, "--namespace", namespace, "--values", "-"];
  const env = { ...process.env, ...helmEnvironment };
  return readManifests(await run(helm, words, { env, input: JSON.stringify(values) }));
}

/**
 * YAML as Kubernetes and Helm read it (sigs.k8s.io/yaml).
 *
 * It has 1.1's booleans, numbers of both versions and merge keys, but no times.
 */
const kubernetesYaml = new Schema([
  ...FAILSAFE_SCHEMA.tags,
  nullCoreTag,
  boolYaml11Tag,
  { ...intCoreTag, resolve: wholeNumber },
  { ...floatCoreTag, resolve: fraction },
  mergeTag,
]);

/** Like js-yaml's own schema, which quotes texts that YAML 1.1 or 1.2 reads otherwise. Also quotes Go's `0X1F`. */
const quotingSchema = DUMP_SCHEMA.withTags({
  ...intCoreTag,
  resolve: (source, isExplicit, tagName) => {
    const number = wholeNumber(source);
    return number === NOT_RESOLVED ? intYaml11Tag.resolve(source, isExplicit, tagName) : number;
  },
});

/** Writes objects as a stream of YAML documents. Every reader, of YAML 1.1 or 1.2, reads their texts as texts. */
export function printManifests(objects: readonly Manifest[]): string {
  const settings = { lineWidth: -1, noRefs: true, schema: quotingSchema };
  return objects.map((object) => dump(object, settings)).join("---\n");
}

/** Reads a stream of YAML documents as Kubernetes does. Skips empty documents. */
export function readManifests(text: string): Manifest[] {
  const documents = loadAll(text, { schema: kubernetesYaml });
  return documents.filter((document) => document !== null && document !== undefined) as Manifest[];
}
