import * as pulumi from "@pulumi/pulumi";
import { project } from "./project.ts";
import type { StackValues } from "./stackFile.ts";

/** A resource that the program registered, with its inputs in the clear. */
export type Registered = { readonly type: string; readonly name: string; readonly inputs: Record<string, unknown> };

/** The result of one run of the program. */
export type ProgramRun = {
  readonly stack: string;
  readonly resources: Registered[];
  readonly outputs: Record<string, unknown>;
};

/** The number of the program's runs in this process. */
let runs = 0;

/**
 * Runs the Pulumi program without the Pulumi engine, through the SDK's own mocks.
 *
 * `referenced` has the outputs of other stacks, by the names that the program uses. Only one run at a time is possible,
 * because the SDK has one config and one monitor. Throws the program's errors, above all ConfigError.
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
        // A random suffix gets a value that nobody mistakes for a real one.
        const state = type === "random:index/randomId:RandomId" ? { ...inputs, hex: "SUFFIX" } : inputs;
        return { id: name, state };
      },
      call: ({ token }) => {
        // Only a cloud could answer this. The program accepts an empty answer.
        if (token.startsWith("gcp:")) return {};
        throw new Error(`the program calls ${token}, which only the pulumi CLI can answer`);
      },
    },
    project,
    stack,
    false,
  );
  pulumi.runtime.setAllConfig(config.values, config.secretKeys);
  // A process runs a module only once for each URL.
  const exports: Record<string, unknown> = { ...(await import(`../../infra/index.ts?run=${runs++}`)) };
  const outputs = await new Promise<Record<string, unknown>>((resolve) => {
    pulumi.output(exports).apply((values) => resolve(values as Record<string, unknown>));
  });
  await pulumi.runtime.disconnect();
  return { stack, resources, outputs };
}

/** Unwraps Pulumi's secrets. */
function plain(value: unknown): unknown {
  if (pulumi.runtime.isRpcSecret(value)) return plain(pulumi.runtime.unwrapRpcSecret(value));
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, plain(entry)]));
}
