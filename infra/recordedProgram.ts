import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";

// For tests: the resources that components register with the SDK's mocks.

/** A resource that was registered, with its inputs. */
export type Registered = { type: string; name: string; inputs: Record<string, unknown> };

/**
 * Has the SDK's mocks record each resource that is made from now on. `make` gives it its id and its outputs: by default
 * its name and its inputs.
 */
export async function recordResources(
  make: (resource: Registered) => { id: string; state: object } = ({ name, inputs }) => ({ id: name, state: inputs }),
): Promise<Registered[]> {
  const registered: Registered[] = [];
  await pulumi.runtime.setMocks({
    newResource({ type, name, inputs }) {
      registered.push({ type, name, inputs });
      return make({ type, name, inputs });
    },
    call: ({ inputs }) => inputs,
  });
  return registered;
}

/** The inputs of the one resource of that name. */
export function inputsIn(registered: readonly Registered[], name: string): Record<string, unknown> {
  const found = registered.filter((resource) => resource.name === name);
  assert.equal(found.length, 1, name);
  return found[0]?.inputs ?? {};
}

/** An output's value, and whether it is secret. */
export async function settled<T>(output: pulumi.Output<T>): Promise<{ value: T; secret: boolean }> {
  const secret = await pulumi.isSecret(output);
  const value = await new Promise<T>((resolve) => void output.apply((inner) => resolve(inner as T)));
  return { value, secret };
}
