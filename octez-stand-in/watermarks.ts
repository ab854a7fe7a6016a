import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Kind } from "./consensusBytes.ts";
import { Refusal } from "./octezError.ts";

type Mark = { delegate: string; highwatermark: { round: number; level: number } };
type Marks = Record<"blocks" | "preattestations" | "attestations", Mark[]>;

/** The baker's own high watermarks, in the file of its base directory in which Octez keeps them. */
export class Watermarks {
  readonly #file: string;
  #marks: Marks;

  constructor(baseDir: string, chainId: string) {
    this.#file = join(baseDir, `${chainId.slice(0, 13)}_highwatermarks`);
    this.#marks = readMarks(this.#file);
  }

  /**
   * Records what is about to be signed. Returns false, and records nothing, if it may have been signed before. Throws,
   * and records nothing, if the disk write fails.
   */
  record(kind: Kind, delegate: string, level: number, round: number): boolean {
    const marks = this.#marks[`${kind}s`];
    const { highwatermark } = marks.find((mark) => mark.delegate === delegate) ?? {
      highwatermark: { level: -1, round: 0 },
    };
    if (level < highwatermark.level || (level === highwatermark.level && round <= highwatermark.round)) return false;
    const others = marks.filter((mark) => mark.delegate !== delegate);
    const next = { ...this.#marks, [`${kind}s`]: [...others, { delegate, highwatermark: { round, level } }] };
    try {
      writeFileSync(`${this.#file}.tmp`, JSON.stringify(next));
      renameSync(`${this.#file}.tmp`, this.#file);
    } catch (error) {
      const name = basename(this.#file).slice(0, -1);
      throw new Error(`could not write the ${name} alias file: ${(error as Error).message}`);
    }
    this.#marks = next;
    return true;
  }
}

function readMarks(file: string): Marks {
  if (!existsSync(file)) return { blocks: [], preattestations: [], attestations: [] };
  try {
    const marks = JSON.parse(readFileSync(file, "utf8")) as Marks;
    for (const kind of ["blocks", "preattestations", "attestations"] as const)
      for (const { highwatermark } of marks[kind]) if (!Number.isInteger(highwatermark.level)) throw new Error();
    return marks;
  } catch {
    throw new Refusal(`did not understand the highwatermark alias file ${file}`);
  }
}
