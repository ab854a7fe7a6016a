import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

type Note = {
  readonly node: string;
  /** The places on that node where pods have the volume. */
  readonly targets: readonly string[];
};

/**
 * Which node's pods use which volume.
 *
 * All nodes can reach all volumes, as they can a cloud's disks, and as with those a volume is used on one node at a time:
 * the pods of a node that only seems to be dead go on writing.
 */
export class VolumeUse {
  readonly #folder: string;

  /** `folder` is shared by all nodes, and goes with a reboot as the pods do. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Notes that a pod of a node gets a volume at a place. Throws if pods of another node have it. */
  take(volume: string, node: string, target: string): void {
    const before = this.#read(volume);
    if (before && before.node !== node) {
      throw new Error(`volume ${volume}: found it in use on node ${before.node}, wanted it free for node ${node}`);
    }
    mkdirSync(this.#folder, { recursive: true });
    const note: Note = { node, targets: [...new Set([...(before?.targets ?? []), target])] };
    // Of two nodes that come at the same time, one is refused and tries again.
    writeFileSync(this.#file(volume), JSON.stringify(note), { flag: before ? "w" : "wx" });
  }

  /** Notes that a node's pod at a place no longer has a volume. */
  release(volume: string, node: string, target: string): void {
    const before = this.#read(volume);
    if (before?.node !== node) return;
    const targets = before.targets.filter((one) => one !== target);
    if (targets.length === 0) rmSync(this.#file(volume));
    else writeFileSync(this.#file(volume), JSON.stringify({ node, targets }));
  }

  /** Frees all volumes of a node that has ended with its pods. */
  forget(node: string): void {
    for (const file of existsSync(this.#folder) ? readdirSync(this.#folder) : []) {
      const volume = file.replace(/\.json$/, "");
      if (this.#read(volume)?.node === node) rmSync(this.#file(volume));
    }
  }

  #read(volume: string): Note | undefined {
    const file = this.#file(volume);
    return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Note) : undefined;
  }

  #file(volume: string): string {
    return join(this.#folder, `${volume}.json`);
  }
}
