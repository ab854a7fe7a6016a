import { bakerRelease } from "../../infra/names/releaseNames.ts";
import { lastLines } from "../../local/machine/run.ts";
import type { ForwarderPod } from "./forwarderPod.ts";

/** The router's program in its image, which is the forwarder's. */
const routerProgram = "/usr/local/lib/signer-forwarder/router";

/** The router in the pod of a baker, reached by `kubectl exec` and `kubectl logs`. */
export class BakerRouter {
  readonly #kubectl: ForwarderPod["kubectl"];
  readonly #place: readonly string[];

  constructor(pod: ForwarderPod, baker: string) {
    this.#kubectl = (...words) => pod.kubectl(...words);
    this.#place = [`statefulset/${bakerRelease(baker)}`, "--container", "router"];
  }

  /** A page of its port 8441, `/metrics` or `/healthz`. Throws an Error if there is none. */
  async page(path: string): Promise<string> {
    return this.#output("exec", ...this.#place, "--", routerProgram, "page", path);
  }

  /** The log's lines of the last so many minutes, each behind its time. */
  async log(minutes: number): Promise<string[]> {
    const text = await this.#output("logs", ...this.#place, "--timestamps", `--since=${minutes}m`);
    return text.split("\n").filter((line) => line !== "");
  }

  async #output(...words: string[]): Promise<string> {
    const { code, stdout, all } = await this.#kubectl(...words);
    if (code !== 0) throw new Error(lastLines(all, 3).trim());
    return stdout;
  }
}
