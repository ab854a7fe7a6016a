import { bakerRelease } from "../../infra/names/releaseNames.ts";
import { type ForwarderPod, linesOf } from "./forwarderPod.ts";

/** The router's program in its image, which is the forwarder's. */
const routerProgram = "/usr/local/lib/signer-forwarder/router";

/** What runs kubectl in a stack's namespace. */
type Kubectl = Pick<ForwarderPod, "output">;

/** kubectl's words for the router's container in the pod of a baker. */
export function routerOf(baker: string): string[] {
  return [`statefulset/${bakerRelease(baker)}`, "--container", "router"];
}

/** A page of a router's port 8441, `/metrics` or `/healthz`. `pod` reaches the stack. Throws an Error if there is none. */
export function routerPage(pod: Kubectl, baker: string, path: string): Promise<string> {
  return pod.output("exec", ...routerOf(baker), "--", routerProgram, "page", path);
}

/** The lines of a router's log of the last so many minutes, each behind its time. */
export async function routerLog(pod: Kubectl, baker: string, minutes: number): Promise<string[]> {
  return linesOf(await pod.output("logs", ...routerOf(baker), "--timestamps", `--since=${minutes}m`));
}

/** What a router's guard remembers: a line for each key, chain and kind. */
export async function routerMarks(pod: Kubectl, baker: string): Promise<string[]> {
  return linesOf(await pod.output("exec", ...routerOf(baker), "--", routerProgram, "marks"));
}
