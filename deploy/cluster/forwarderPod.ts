import { replicaNames } from "../../infra/names/replicaNames.ts";
import { attempt, lastLines, type Outcome } from "../../local/machine/run.ts";
import { type ClusterAddress, clusterOptions } from "./kubectl.ts";

/** The forwarder's program in its image. */
export const forwarderProgram = "/usr/local/lib/signer-forwarder/forwarder";

/** A page of the pod's port 8404. */
export type Page = {
  /** Its HTTP status. */
  readonly status: number;
  readonly text: string;
};

/** How long kubectl may take. A page of a signer's host may take 20 s. */
const limitMs = 30_000;

/** The pod of one replica of a stack's forwarder, reached by `kubectl exec` and `kubectl logs`. */
export class ForwarderPod {
  readonly #binary: string;
  readonly #words: readonly string[];
  /** The name of the replica: of its Deployment, and of the Service that signers dial. */
  readonly replica: string;

  /** `binary` is kubectl. The stack's name is its namespace. */
  constructor(binary: string, address: ClusterAddress, stack: string, replica: string = replicaNames[0]) {
    this.replica = replica;
    this.#binary = binary;
    this.#words = [...clusterOptions(address), "--namespace", stack];
  }

  /** Runs kubectl in the stack's namespace, whatever its exit code. */
  kubectl(...words: string[]): Promise<Outcome> {
    return attempt(this.#binary, [...this.#words, ...words], { timeoutMs: limitMs });
  }

  /** The command that runs kubectl in the stack's namespace, for a program that goes on. */
  command(...words: string[]): [string, string[]] {
    return [this.#binary, [...this.#words, ...words]];
  }

  /** What kubectl prints, in the stack's namespace. Throws an Error with its words unless it ends with 0. */
  async output(...words: string[]): Promise<string> {
    const { code, stdout, all } = await this.kubectl(...words);
    if (code !== 0) throw new Error(lastLines(all, 3).trim());
    return stdout;
  }

  /** Runs a program in the pod. Throws an Error with its words unless it ends with 0. */
  async run(...words: string[]): Promise<string> {
    return this.output("exec", `deployment/${this.replica}`, "--", ...words);
  }

  /** The names of the signers that have a session. */
  async connected(): Promise<string[]> {
    return linesOf(await this.run(forwarderProgram, "connected"));
  }

  /** What the guard remembers: a line for each key, chain and kind. */
  async marks(): Promise<string[]> {
    return linesOf(await this.run(forwarderProgram, "marks"));
  }

  /** A page of port 8404, whatever its status. Throws if there is no answer. */
  async page(path: string): Promise<Page> {
    const words = ["exec", `deployment/${this.replica}`, "--", forwarderProgram, "page", path];
    const outcome = await this.kubectl(...words);
    if (outcome.code === 0) return { status: 200, text: outcome.stdout };
    const [, status] = /^(\d{3})( |$)/m.exec(outcome.stderr) ?? [];
    if (status === undefined) throw new Error(lastLines(outcome.all, 3).trim());
    return { status: Number(status), text: outcome.stdout };
  }

  /** The log's lines of the last so many minutes, each behind its time. */
  async log(minutes: number): Promise<string[]> {
    return linesOf(await this.output("logs", `deployment/${this.replica}`, "--timestamps", `--since=${minutes}m`));
  }
}

/**
 * What the replicas of a forwarder answer, in their order: undefined for one that doesn't. Throws what the first one says
 * if none answers.
 */
export async function answersOf<T>(asked: readonly Promise<T>[]): Promise<(T | undefined)[]> {
  const settled = await Promise.allSettled(asked);
  const failed = settled.filter((each) => each.status === "rejected");
  if (failed.length === settled.length) throw failed[0]?.reason ?? new Error("found no replica, wanted one");
  return settled.map((each) => (each.status === "fulfilled" ? each.value : undefined));
}

/** The lines of a text that are not empty. */
export function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}
