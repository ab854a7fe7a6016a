import type { Stack } from "../testbed/testStack.ts";

type Pods = { items: { metadata: { name: string; deletionTimestamp?: string }; status: { phase: string } }[] };

/** The pod of a replica. Throws if none runs. */
export async function podOf(stack: Stack, replica: string): Promise<string> {
  const words = ["get", "pods", "--selector", `app.kubernetes.io/instance=${replica}`, "--output", "json"];
  const { items } = JSON.parse(await stack.kubectl(...words)) as Pods;
  const running = items.find(({ metadata, status }) => !metadata.deletionTimestamp && status.phase === "Running");
  if (!running) throw new Error(`${replica}: found no running pod, wanted one`);
  return running.metadata.name;
}
