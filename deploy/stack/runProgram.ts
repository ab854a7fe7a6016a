import * as pulumi from "@pulumi/pulumi";
import { project } from "./project.ts";
import type { StackValues } from "./stackFile.ts";

/** A resource that the program registered, with its inputs in the clear. */
export type Registered = { readonly type: string; readonly name: string; readonly inputs: Record<string, unknown> };

/** What one run of the program gave. */
export type ProgramRun = {
  readonly stack: string;
  readonly resources: Registered[];
  readonly outputs: Record<string, unknown>;
};

/** How often the program has run in this process. */
let runs = 0;

/**
 * Runs the Pulumi program without the Pulumi engine, through the SDK's own mocks.
 *
 * `referenced` are the outputs of other stacks, by the names that the program calls them. One run at a time: the SDK has one
 * config and one monitor. Throws what the program throws, a ConfigError first of all.
 */
export async function runProgram(
  stack: string,
  config: StackValues,
  referenced: Record<string, Record<string, unknown>> = {},
): Promise<ProgramRun> {
  const resources: Registered[] = [];
  await pulumi.runtime.setMocks(
    {
      newResource({ type, name, inputs }) {
        if (type === "pulumi:pulumi:StackReference") {
          return { id: name, state: { ...inputs, outputs: referenced[inputs.name] ?? {}, secretOutputNames: [] } };
        }
        resources.push({ type, name, inputs: plain(inputs) as Record<string, unknown> });
        // A random name stays one that nobody takes for a real one.
        const state = type === "random:index/randomId:RandomId" ? { ...inputs, hex: "SUFFIX" } : inputs;
        return { id: name, state };
      },
      call: ({ token }) => {
        // What only a cloud can answer stays unanswered; the program takes that for no problem.
        if (token.startsWith("gcp:")) return {};
        throw new Error(`the program calls ${token}, which only the pulumi CLI can answer`);
      },
    },
    project,
    stack,
    false,
  );
  pulumi.runtime.setAllConfig(config.values, config.secretKeys);
  // A module runs once in a process, by its URL.
  const exports: Record<string, unknown> = { ...(await import(`../../infra/index.ts?run=${runs++}`)) };
  const outputs = await new Promise<Record<string, unknown>>((resolve) => {
    pulumi.output(exports).apply((values) => resolve(values as Record<string, unknown>));
  });
  await pulumi.runtime.disconnect();
  return { stack, resources, outputs };
}

/** Takes the marks of Pulumi's secrets off. */
function plain(value: unknown): unknown {
  if (pulumi.runtime.isRpcSecret(value)) return plain(pulumi.runtime.unwrapRpcSecret(value));
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, plain(entry)]));
}
